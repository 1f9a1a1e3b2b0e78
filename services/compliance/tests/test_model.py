"""Random sequences of everything that may happen to hours and alerts, and of events in any order and twice, against a plain model of it.

The same 40 each time, for no build shall fail by chance; `CHAIRSIDE_SEQUENCES=10000` runs so many others.
Commands run in this process, as the people's own database roles do them.
"""

import os

import asyncpg
import pytest
import pytest_asyncio
from chassis.database import Database
from chassis.migrate import upgrade
from dev.testing import fresh_database
from hypothesis import given, settings
from hypothesis import strategies as st

from .alert_world import World
from .model_world import LAST_WEEK, day_of

LONG = "CHAIRSIDE_SEQUENCES" in os.environ
SEQUENCES = int(os.environ.get("CHAIRSIDE_SEQUENCES", "40"))
PLACES, ACTORS = st.integers(0, 2), st.sampled_from(["student", "partner", "coordinator", "admin"])
SUBMITTERS, DECIDERS = st.sampled_from(["student", "partner", "coordinator"]), st.sampled_from(["coordinator", "admin"])
DAYS, MINUTES, CATEGORIES = st.integers(0, 28), st.sampled_from([30, 300, 480, 900]), st.sampled_from(["theory", "practical"])
KEYS, ENTRY, ONE = st.sampled_from([None, None, "a", "b"]), st.integers(0, 30), st.integers(0, 1)
HOURS = st.tuples(PLACES, DAYS, MINUTES, CATEGORIES, KEYS)
CHANGES = st.fixed_dictionaries({}, optional={"work_date": DAYS.map(day_of), "minutes": MINUTES, "category": CATEGORIES})
KINDS = st.sampled_from(["midweek", "weekly", "inactivity", "close"])
ASKED = st.one_of(
    st.fixed_dictionaries({"required_minutes_per_week": st.sampled_from([0, 60, 300, 601, 1200])}),
    st.fixed_dictionaries({"inactivity_days_threshold": st.sampled_from([2, 5, 9])}),
)
SHIFTS = st.sampled_from([None, None, None, 0, 7, -7, 1])
SCAN = st.tuples(st.just("scan"), KINDS, ONE, DAYS)
STEPS = st.one_of(
    SCAN,
    SCAN,
    SCAN,
    st.tuples(st.just("weeks_pass"), st.integers(1, LAST_WEEK)),
    st.tuples(st.just("time")),
    st.tuples(st.just("submit"), SUBMITTERS, HOURS),
    st.tuples(st.just("submit"), SUBMITTERS, HOURS),
    st.tuples(st.just("bulk"), SUBMITTERS, st.lists(HOURS, min_size=1, max_size=4)),
    st.tuples(st.just("void"), ACTORS, ENTRY),
    st.tuples(st.just("void"), st.just("admin"), ENTRY),
    st.tuples(st.just("decide"), DECIDERS, ENTRY, st.sampled_from(["verified", "rejected"])),
    st.tuples(st.just("accept"), DECIDERS, ENTRY),
    st.tuples(st.just("correct"), ACTORS, ENTRY, CHANGES),
    st.tuples(st.just("lms"), PLACES, st.integers(0, 2), st.integers(1, 4), DAYS, st.sampled_from([0, 60, 600]), st.booleans()),
    st.tuples(st.just("enrolled"), PLACES, st.integers(1, 5)),
    st.tuples(st.just("program"), ONE, st.integers(1, 3)),
    st.tuples(st.just("resolve"), st.sampled_from(["partner", "coordinator", "admin"]), ENTRY),
    st.tuples(st.just("escalate"), ONE),
    st.tuples(st.just("synced"), st.sampled_from(["all", "program", "enrollment"]), PLACES, DAYS, st.booleans()),
    st.tuples(st.just("require"), st.sampled_from(["partner", "admin"]), PLACES, ASKED, SHIFTS),
    st.tuples(st.just("require_all"), ONE, ASKED, SHIFTS),
    st.tuples(st.just("leave"), PLACES, DAYS, st.sampled_from([None, -1, 0, 2, 6, 9])),
    st.tuples(st.just("end_leave"), ENTRY, DAYS),
    st.tuples(st.just("cancel_leave"), ENTRY),
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stand(postgres):
    found = await fresh_database(postgres, "compliance")
    await upgrade("compliance", "compliance", found.owner_url)
    database = Database(found.login_url, "compliance", pool_size=2)
    server = await asyncpg.connect(found.admin_url)
    yield database, server
    await server.close()
    await database.close()


@pytest.mark.timeout(12 * 60 * 60)
@settings(max_examples=SEQUENCES, derandomize=not LONG, print_blob=True)
@given(
    ready=st.sampled_from([True, True, True, False]),
    about=st.fixed_dictionaries({"week": st.integers(0, LAST_WEEK), "apart": st.booleans()}),
    steps=st.lists(STEPS, min_size=8, max_size=24),
    then=st.integers(0, 25),
)
async def test_the_service_does_what_the_model_does(stand, ready, about, steps, then):
    world = World(*stand, **about)
    await world.begin()
    if ready:
        await world.synced("all", 0, 7 * LAST_WEEK + 7, False)
        for number in range(3):
            await world.enrolled(number, 1)
        for number in range(2):
            await world.program(number, 1 + number)
        await world.compare()
    for name, *arguments in steps:
        await world.compare(await getattr(world, name)(*arguments) or frozenset())
        await world.compare_statements((then + 7 * world.step) % (world.step + 1), world.places[world.step % 3 :][:1])
    await world.compare_statements(min(then, world.step))
