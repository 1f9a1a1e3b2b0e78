from chassis.cli import main

from toy.app import service

main(service)
