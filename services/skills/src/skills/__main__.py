"""`python -m skills COMMAND`."""

from chassis.cli import main

from skills.app import service

if __name__ == "__main__":
    main(service)
