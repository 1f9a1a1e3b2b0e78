from chassis.cli import main

from messaging.app import service

if __name__ == "__main__":
    main(service)
