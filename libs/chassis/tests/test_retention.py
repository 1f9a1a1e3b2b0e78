"""Months of the audit trail are dropped, and what is kept is verified as before; what was taken out otherwise is found."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from chassis import audit_retention, months
from chassis.audit import seal
from chassis.audit_heads import Heads
from chassis.audit_verify import verify
from chassis.database import Database
from contracts.topics import Topic

THIS = datetime.now(UTC).date().replace(day=1)
NEXT = months.after(THIS)
LATER = months.after(NEXT)
ADD = "insert into audit_entry (at, actor, actor_kind, action, object_type, object_id) values ($1, 'x', 'x', 'x', 'x', $2)"
TOPICS = [Topic("note.written", 3, {}), Topic("note.written.dlq", 1, {})]


def of(month, day=20):
    return datetime(month.year, month.month, day, tzinfo=UTC)


class Trail:
    """A trail without a service beside it."""

    def __init__(self, toy, database):
        self.toy, self.database, self.heads = toy, database, Heads()

    async def owner(self, statement, *arguments):
        connection = await asyncpg.connect(self.toy.database.owner_url)
        try:
            await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    async def add(self, *when):
        """An entry for each instant, sealed in this order, with its head kept elsewhere."""
        for number, at in enumerate(when):
            await self.owner(ADD, at, str(number))
        await self.seal()

    async def seal(self):
        async with self.database.transaction() as tx:
            await seal(tx)
        for row in await self.toy.sql("select position, hash from audit_entry where position is not null"):
            self.heads.tell(row["position"], row["hash"])

    async def drop(self, first):
        found = await audit_retention.drop(self.toy.database.owner_url, first, first)
        await self.seal()
        return found

    async def verified(self):
        async with self.database.transaction() as tx:
            return await verify(tx, self.heads)


@pytest_asyncio.fixture(loop_scope="session")
async def trail(start_service):
    toy = await start_service("toy", topics=TOPICS, start=False)
    database = Database(toy.database.login_url, "toy")
    yield Trail(toy, database)
    await database.close()


async def test_a_month_is_dropped_and_the_chain_goes_on(trail):
    await trail.add(of(THIS), of(THIS), of(NEXT), of(NEXT))
    assert await trail.drop(NEXT) == audit_retention.Dropped(1, 2)
    left = await trail.toy.sql("select position, action from audit_entry order by position")
    assert [tuple(row) for row in left] == [(3, "x"), (4, "x"), (5, "audit.drop")]
    found = await trail.verified()
    assert (found.broken_at, found.entries, found.dropped) == (None, 5, 2)


async def test_entries_that_were_sealed_late_are_no_gap(trail):
    await trail.add(of(THIS), of(NEXT), of(THIS), of(NEXT), of(LATER))
    assert (await trail.drop(NEXT)).position == 1
    assert ((await trail.verified()).broken_at, (await trail.verified()).entries) == (None, 6)
    assert (await trail.drop(LATER)).position == 4
    found = await trail.verified()
    assert (found.broken_at, found.entries, found.dropped) == (None, 7, 4)


async def test_everything_that_was_written_may_be_dropped(trail):
    await trail.add(of(THIS), of(THIS))
    await trail.drop(NEXT)
    await trail.add(of(NEXT))
    assert (await trail.verified()).broken_at is None


@pytest.mark.parametrize(
    ("forged", "found"),
    [
        (
            (
                "insert into audit_anchor select position, hash from audit_entry where position = 4",
                "delete from audit_entry where position = 4",
            ),
            2,
        ),
        (("update audit_anchor set hash = repeat('0', 64)",), 2),
        (("delete from audit_anchor",), 1),
        (("delete from audit_entry where action = 'audit.drop'",), 2),
        (("delete from audit_entry where position = 3",), 3),
    ],
    ids=["hidden behind an anchor", "another anchor", "no anchor", "not said", "deleted"],
)
async def test_what_was_taken_out_otherwise_is_found(trail, forged, found):
    await trail.add(of(THIS), of(THIS), of(NEXT), of(NEXT), of(NEXT))
    await trail.drop(NEXT)
    assert (await trail.verified()).broken_at is None
    for statement in forged:
        await trail.owner(statement)
    assert (await trail.verified()).broken_at == found


async def test_nothing_is_dropped_that_is_still_written_or_not_sealed(trail):
    await trail.owner(ADD, of(THIS), "not sealed")
    with pytest.raises(audit_retention.NotSealedYet):
        await trail.drop(NEXT)
    with pytest.raises(audit_retention.StillWritten):
        await audit_retention.drop(trail.toy.database.owner_url, NEXT, NEXT - timedelta(days=1))
    assert len(await trail.toy.sql("select from audit_entry")) == 1


async def test_the_command_line_drops_and_refuses(trail):
    nothing = trail.toy.run("audit", "drop", "--before", f"{THIS:%Y-%m}")
    assert (nothing.returncode, "no whole month before" in nothing.stderr) == (1, True)
    early = trail.toy.run("audit", "drop", "--before", "2999-01")
    assert (early.returncode, "are not over" in early.stderr) == (1, True)
    before = THIS - timedelta(days=1)
    await trail.owner(f"create table {months.of('audit_entry', before)} (like audit_entry)")
    await trail.owner(f"alter table audit_entry detach partition {months.of('audit_entry', THIS)}")
    bounds = f"from (minvalue) to ('{THIS} 00:00Z')"
    await trail.owner(f"alter table audit_entry attach partition {months.of('audit_entry', before)} for values {bounds}")
    done = trail.toy.run("audit", "drop", "--before", f"{THIS:%Y-%m}")
    assert (done.returncode, done.stdout.strip()) == (0, "1 months dropped, up to the entry 0."), done.stderr


async def test_what_waited_for_its_month_moves_in(trail):
    far = date(THIS.year + 2, 5, 1)
    await trail.add(of(far), of(THIS))
    default = "select from audit_entry_default"
    assert len(await trail.toy.sql(default)) == 1
    connection = await asyncpg.connect(trail.toy.database.owner_url)
    await months.ahead(connection, far)
    await connection.close()
    assert (await trail.toy.sql(default), len(await trail.toy.sql("select from audit_entry"))) == ([], 2)
    assert (await trail.verified()).broken_at is None
