from chassis.cli import main

from identity.app import service

if __name__ == "__main__":
    main(service)
