"""A sync: what Milady holds becomes ledger events, and nothing else does (SPEC 3.4)."""

from contracts.hours import HoursLogged
from dev.harness import events_of


async def test_study_becomes_hours(service, kafka, apprentice, study, sync):
    from datetime import date

    await study(apprentice, "1.51", date(2026, 11, 13))
    run = await sync(apprentice)
    assert run["failed"] == 0
    found = await events_of(kafka, HoursLogged, where=apprentice.mine)
    assert found[0].minutes == 91
