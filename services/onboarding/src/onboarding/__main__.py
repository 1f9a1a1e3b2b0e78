from chassis.cli import main

from onboarding.app import service

if __name__ == "__main__":
    main(service)
