"""`python -m portal COMMAND`."""

from chassis.cli import main

from portal.app import service

if __name__ == "__main__":
    main(service)
