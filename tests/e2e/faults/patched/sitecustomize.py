"""Makes a patched build of every service whose PYTHONPATH this folder is on: exact places to die, an account of what
consumers did, and guards that can be left out.

CHAIRSIDE_FAULTS: a folder; a file `<service>.<place>` in it makes that service end, as SIGKILL would, when it next comes to the place.
CHAIRSIDE_GROUP_SUFFIX: consumer groups bear it behind their name.
CHAIRSIDE_WITHOUT: `inbox`, `order` or `mark-after-publish`: the build without that guard, which the checker must find out.
"""

import asyncio
import os
import random
import re
import sys
import time
from pathlib import Path


def _die_at(service: str, place: str) -> None:
    try:
        (Path(os.environ["CHAIRSIDE_FAULTS"]) / f"{service}.{place}").unlink()
    except (OSError, KeyError):
        return
    # Nothing is flushed or closed, as with SIGKILL, which a container's first process cannot send itself.
    os._exit(137)


def _places() -> None:
    from chassis.inbox import Applier
    from chassis.relay import Relay

    send, apply = Relay._send, Applier.apply

    marked_first = os.environ.get("CHAIRSIDE_WITHOUT") == "mark-after-publish"

    async def send_and_die(self, producer, rows):
        if marked_first:
            _die_at(self.database.service, "relay")
        await send(self, producer, rows)
        _die_at(self.database.service, "relay")

    async def apply_and_die(self, deliveries):
        await apply(self, deliveries)
        _die_at(self.database.service, "consumer")

    Relay._send, Applier.apply = send_and_die, apply_and_die


def _account() -> None:
    """A table of what each consumer applied, written in the very transaction: what is in it twice happened twice."""
    from chassis import schema
    from chassis.inbox import Applier

    install, run = schema.install, Applier._run

    def with_account(service, kinds):
        table = "create table applied (message_id uuid not null, consumer text not null)"
        return [*install(service, kinds), table, f"grant insert on applied to {schema.role(service, 'system')}"]

    async def run_and_write(self, tx, route, deliveries):
        connection = await tx.driver()
        await connection.execute("insert into applied select unnest($1::uuid[]), $2", [one.id for one in deliveries], self.inbox.consumer)
        await run(self, tx, route, deliveries)

    schema.install, Applier._run = with_account, run_and_write


def _without_inbox() -> None:
    from chassis import inbox

    inbox.CLAIM = inbox.CLAIM.replace("do nothing", "(message_id, consumer) do update set received_at = now()")


def _without_order() -> None:
    """No row is locked before an outbox row draws its id, not even by writing it, and the commit comes a little after that."""
    import asyncpg
    from chassis import database

    execute, fetch, finish = database.Transaction.execute, asyncpg.Connection.fetchrow, database.write_pending

    def unlock(statement):
        if not isinstance(statement, str):
            return statement
        statement = statement.replace("update student_ledger set version = version + 1", "select from student_ledger")
        return re.sub(r"for (no key )?update( of \w+(, \w+)*)?( skip locked| nowait)?", "", statement)

    async def unlocked(self, statement, parameters=None):
        return await execute(self, unlock(statement), parameters)

    async def unlocked_row(self, statement, *arguments, **how):
        return await fetch(self, unlock(statement), *arguments, **how)

    async def late(tx, *, notify):
        await finish(tx, notify=notify)
        await asyncio.sleep(random.random())

    database.Transaction.execute, asyncpg.Connection.fetchrow, database.write_pending = unlocked, unlocked_row, late


def _without_mark_after_publish() -> None:
    from chassis import relay

    relay.READ = """with batch as (select id, created_at from outbox where published_at is null order by id limit $1),
 marked as (update outbox o set published_at = now() from batch b where o.id = b.id and o.created_at = b.created_at
 returning o.id, o.message_id, o.topic, o.key, o.schema_uri, o.value, o.traceparent, o.created_at)
 select * from marked order by id"""


def _clock() -> None:
    """A clock that is wrong by the seconds in the file `<module>.clock`, for as long as that is there. Timers are not touched."""
    import threading

    module = sys.orig_argv[sys.orig_argv.index("-m") + 1] if "-m" in sys.orig_argv else ""
    file = Path(os.environ["CHAIRSIDE_FAULTS"]) / f"{module}.clock"
    threading.Thread(target=_follow, args=(file,), daemon=True).start()


def _follow(file: Path) -> None:
    from datetime import UTC, datetime, timedelta

    sys.path.append(f"{os.environ['CHAIRSIDE_FAULTS']}/lib")
    import time_machine

    wrong = None
    while True:
        if wrong is None and file.exists():
            wrong = time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(file.read_text())), tick=True)
            wrong.start()
        elif wrong is not None and not file.exists():
            wrong.stop()
            wrong = None
        time.sleep(0.1)


def _another_group() -> None:
    """Groups of another name, so that a second service hears everything by itself."""
    from faststream.kafka import KafkaBroker

    subscriber = KafkaBroker.subscriber

    def renamed(self, *topics, group_id, **how):
        return subscriber(self, *topics, group_id=group_id + os.environ["CHAIRSIDE_GROUP_SUFFIX"], **how)

    KafkaBroker.subscriber = renamed


_WITHOUT = {"inbox": _without_inbox, "order": _without_order, "mark-after-publish": _without_mark_after_publish}

if os.environ.get("CHAIRSIDE_FAULTS"):
    _places()
    _account()
    _clock()
    if os.environ.get("CHAIRSIDE_WITHOUT"):
        _WITHOUT[os.environ["CHAIRSIDE_WITHOUT"]]()
if os.environ.get("CHAIRSIDE_GROUP_SUFFIX"):
    _another_group()
