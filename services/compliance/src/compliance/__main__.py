from chassis.cli import main

from compliance.app import service

if __name__ == "__main__":
    main(service)
