"""The database itself refuses what a role may not see or do, also when the application forgets (SPEC 3.5, 3.10)."""

from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest


@asynccontextmanager
async def acting(service, kind, user_id):
    """A transaction of the login role that acts as that person, and is taken back."""
    connection = await asyncpg.connect(service.database.login_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        acts = "select set_config('role', $1, true), set_config('app.user_id', $2, true)"
        await connection.execute(acts, f"skills_{kind}", str(user_id) if user_id else "")
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


async def test_students_see_their_own_and_partners_those_assigned_to_them(service, apprentice, logged):
    await logged()
    people = {
        "the student": ("student", apprentice.student_id),
        "their partner": ("partner", apprentice.partner_id),
        "an admin": ("admin", uuid4()),
        "another student": ("student", uuid4()),
        "another partner": ("partner", uuid4()),
        "nobody": ("student", None),
    }
    for table in ("enrollment", "entry"):
        seen = set()
        for name, (kind, who) in people.items():
            async with acting(service, kind, who) as connection:
                if await connection.fetchval(f"select count(*) from {table} where student_id = $1", apprentice.student_id):
                    seen.add(name)
        assert seen == {"the student", "their partner", "an admin"}, table


APPROVE = "update entry set status = 'approved', decided_by = acting_user() where entry_id = $1"


@pytest.mark.parametrize(
    ("kind", "who", "statement"),
    [
        ("student", "student_id", APPROVE),
        ("student", "student_id", "update entry set student_id = acting_user() where entry_id = $1"),
        ("student", "student_id", "update entry set feedback = 'fine' where entry_id = $1"),
        ("student", "student_id", "delete from entry where entry_id = $1"),
        ("partner", "partner_id", "update entry set status = 'approved', decided_by = $1 where entry_id = $1"),
        ("partner", "partner_id", "update entry set status = 'draft' where entry_id = $1"),
        ("partner", "partner_id", "update entry set self_rating = 5 where entry_id = $1"),
        ("partner", "partner_id", "update entry set after_photo = 'x' where entry_id = $1"),
        ("partner", "partner_id", "delete from entry where entry_id = $1"),
        ("admin", "partner_id", "update entry set service_name = 'x' where entry_id = $1"),
        ("admin", "student_id", APPROVE),
    ],
)
async def test_nobody_writes_what_is_not_theirs_to_write(service, apprentice, logged, kind, who, statement):
    entry = await logged()
    async with acting(service, kind, getattr(apprentice, who)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, UUID(entry["id"]))


async def test_an_unassigned_partner_reaches_no_row(service, logged):
    entry = await logged()
    async with acting(service, "partner", uuid4()) as connection:
        assert await connection.execute(APPROVE, UUID(entry["id"])) == "UPDATE 0"


async def test_a_student_logs_for_nobody_else(service, apprentice):
    insert = """insert into entry (enrollment_id, student_id, program_id, skill_code, service_name, performed_at, duration_minutes,
                client_identifier, self_rating) values ($1, $2, $3, 'fade', 'x', now(), 1, 'c', 1)"""
    async with acting(service, "student", uuid4()) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(insert, apprentice.enrollment_id, apprentice.student_id, apprentice.program_id)
