"""The database itself refuses what a role may not see, also when the application forgets (SPEC 3.10)."""

from contextlib import asynccontextmanager
from datetime import date
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from contracts.onboarding import StudentUnassigned
from dev.harness import eventually, send

OWNED = ("enrollment", "provisioning", "milady_course", "milady_time_tracking")


@asynccontextmanager
async def acting(service, kind, user_id):
    """A transaction of the login role that acts as that person."""
    connection = await asyncpg.connect(service.database.login_url)
    try:
        async with connection.transaction():
            user = str(user_id) if user_id else ""
            acts = "select set_config('role', $1, true), set_config('app.user_id', $2, true)"
            await connection.execute(acts, f"milady_sync_{kind}", user)
            yield connection
    finally:
        await connection.close()


async def rows_of(service, kind, user_id, table, student_id) -> int:
    """How many of the student's rows that person's role sees."""
    async with acting(service, kind, user_id) as connection:
        return await connection.fetchval(f"select count(*) from {table} where student_id = $1", student_id)


@pytest_asyncio.fixture(loop_scope="session")
async def synced(apprentice, study, sync):
    await study(apprentice, "1.00", date(2026, 11, 13))
    await sync(apprentice)
    return apprentice


async def test_students_see_their_own_and_partners_those_assigned_to_them(service, synced):
    people = {
        "the student": ("student", synced.student_id),
        "their partner": ("partner", synced.partner_id),
        "an admin": ("admin", uuid4()),
        "another student": ("student", uuid4()),
        "another partner": ("partner", uuid4()),
        "nobody": ("student", None),
    }
    for table in OWNED:
        seen = {name for name, (kind, who) in people.items() if await rows_of(service, kind, who, table, synced.student_id)}
        assert seen == {"the student", "their partner", "an admin"}, table


async def test_the_items_of_a_run_are_the_partners_and_admins(service, synced):
    seen = {kind: await rows_of(service, kind, synced.partner_id, "sync_item", synced.student_id) for kind in ("partner", "admin")}
    assert min(seen.values()) > 0
    assert await rows_of(service, "partner", uuid4(), "sync_item", synced.student_id) == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rows_of(service, "student", synced.student_id, "sync_item", synced.student_id)


async def test_an_unassigned_partner_sees_nothing_from_then_on(service, kafka, apprentice):
    given = apprentice.assignment(partner_id=uuid4())
    await send(kafka, "onboarding", given)
    seen = lambda: rows_of(service, "partner", given.partner_id, "milady_course", apprentice.student_id)
    await eventually(seen)
    await send(kafka, "onboarding", StudentUnassigned(**given.model_dump() | {"active": False, "revision": 2}))

    async def gone():
        return await seen() == 0

    await eventually(gone)
    holder = service.client("partner", given.partner_id, "program_holder")
    assert (await holder.get(f"/v1/enrollments/{apprentice.enrollment_id}/progress")).status_code == 404


@pytest.mark.parametrize("kind", ["student", "partner", "admin"])
@pytest.mark.parametrize("forbidden", ["select * from person", "update milady_time_tracking set minutes = 6000", "delete from enrollment"])
async def test_nobody_but_the_service_reads_names_or_writes_hours(service, apprentice, kind, forbidden):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with acting(service, kind, apprentice.student_id) as connection:
            await connection.execute(forbidden)


async def test_a_partner_cannot_put_a_stranger_into_a_run(service, apprentice):
    run = "insert into sync (scope_kind, total, requested_by) values ('all', 1, acting_user()) returning sync_id"
    item = "insert into sync_item (sync_id, enrollment_id, student_id) values ($1, $2, $3)"
    async with acting(service, "partner", uuid4()) as connection:
        sync_id = await connection.fetchval(run)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(item, sync_id, apprentice.enrollment_id, apprentice.student_id)
