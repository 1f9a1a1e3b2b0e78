"""Compliance's consumers alone, in a process of their own: `_compliance_process.py DATABASE_URL KAFKA`."""

import asyncio
import sys

import uvloop
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.deadletters import DeadLetters
from chassis.inbox import Applier
from chassis.serving import keep_what_is_loaded
from compliance.consumers import inbox

url, bootstrap = sys.argv[1:]


async def run() -> None:
    await Consumer(Applier(inbox, Database(url, "compliance"), DeadLetters(bootstrap)), bootstrap).run()


keep_what_is_loaded()
uvloop.install()
asyncio.run(run())
