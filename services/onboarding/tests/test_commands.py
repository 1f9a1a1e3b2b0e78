"""What holds when two people act at the same moment."""

import asyncio
from datetime import UTC, date, datetime

import pytest_asyncio
from chassis.database import Database
from chassis.principal import Principal
from dev.harness import eventually
from onboarding.commands import enrollments, papers, partners
from onboarding.domain.papers import content_hash
from onboarding.schemas.enrollments import WithdrawalIn
from onboarding.schemas.papers import SignatureIn

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(onboarding):
    """The service's database, as its commands have it."""
    made = Database(onboarding.database.login_url, "onboarding")
    yield made
    await made.close()


async def waiting(onboarding, task):
    """Returns when `task` has come to an end, or waits for a lock in the database."""
    blocked = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

    async def look():
        return task.done() or await onboarding.sql(blocked)

    await eventually(look)


async def agreement(onboarding, signer):
    """The id of the program holder's agreement, and its signature by `signer`."""
    [row] = await onboarding.sql("select * from current_document where role = 'program_holder' and requires_signature")
    body = SignatureIn(document_hash=content_hash(row["content"]), typed_name=signer.name, intent=True, electronic_records_consent=True)
    return row["document_id"], body


async def standing(onboarding, someone):
    [row] = await onboarding.sql("select status from partner where user_id = $1", someone.id)
    return row["status"]


async def test_an_approval_waits_for_the_signature_under_way_and_activates(onboarding, database, person, admin):
    someone = await person()
    await someone.apply()

    async def approve():
        async with database.transaction(Principal("admin", admin.id)) as tx:
            await partners.approve(tx, someone.id, NOW)

    async with database.transaction(Principal("student", someone.id)) as tx:
        await papers.sign(tx, *await agreement(onboarding, someone), NOW)
        approval = asyncio.create_task(approve())
        await waiting(onboarding, approval)
    await approval
    assert await standing(onboarding, someone) == "active"


async def test_a_signature_waits_for_the_approval_under_way_and_activates(onboarding, database, person, admin):
    someone = await person()
    await someone.apply()

    async def sign():
        async with database.transaction(Principal("student", someone.id)) as tx:
            await papers.sign(tx, *await agreement(onboarding, someone), NOW)

    async with database.transaction(Principal("admin", admin.id)) as tx:
        await partners.approve(tx, someone.id, NOW)
        signing = asyncio.create_task(sign())
        await waiting(onboarding, signing)
    await signing
    assert await standing(onboarding, someone) == "active"


async def test_an_enrollment_is_withdrawn_once(onboarding, database, enrolled):
    holder, _, _, enrollment = await enrolled()
    who = Principal("partner", holder.id, frozenset({"program_holder"}))
    body = WithdrawalIn(ended_on=date(2026, 11, 19), reason="Moved away")

    async def withdraw():
        async with database.transaction(who) as tx:
            await enrollments.withdraw(tx, enrollment["id"], body, NOW)

    async with database.transaction(who) as tx:
        await enrollments.withdraw(tx, enrollment["id"], body, NOW)
        second = asyncio.create_task(withdraw())
        await waiting(onboarding, second)
    await asyncio.gather(second, return_exceptions=True)
    assert type(second.exception()).__name__ == "NotEnrolledNow"
    [row] = await onboarding.sql("select revision from enrollment where enrollment_id = $1", enrollment["id"])
    assert row["revision"] == 2
