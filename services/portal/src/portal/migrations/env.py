"""Run by alembic."""

from chassis.migrate import run

run()
