"""Run by the chassis' `migrate`."""

from chassis.migrate import run

run()
