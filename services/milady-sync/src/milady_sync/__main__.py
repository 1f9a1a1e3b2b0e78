"""`python -m milady_sync COMMAND`."""

from chassis.cli import main

from milady_sync.app import service

if __name__ == "__main__":
    main(service)
