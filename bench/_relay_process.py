"""The relay alone, in a process that can be killed: `_relay_process.py DATABASE_URL KAFKA`."""

import asyncio
import sys

import uvloop
from chassis.database import Database
from chassis.relay import Relay

uvloop.install()
asyncio.run(Relay(Database(sys.argv[1], "bench"), sys.argv[2]).run())
