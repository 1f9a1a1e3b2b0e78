"""Row-level security: over HTTP, and straight in PostgreSQL when the application forgets."""

from uuid import uuid4

import asyncpg
import pytest
from dev.harness import eventually

OWN_TABLES = ("enrollment", "student_ledger", "hour_entry", "weekly_total", "alert")


class Acting:
    """A connection of the login role that took a kind's role, as every transaction of the service does."""

    def __init__(self, service, kind, user_id):
        self.service, self.kind, self.user_id = service, kind, user_id

    async def __aenter__(self):
        self.connection = await asyncpg.connect(self.service.database.login_url)
        await self.connection.execute(
            "select set_config('role', $1, false), set_config('app.user_id', $2, false)", f"compliance_{self.kind}", str(self.user_id or "")
        )
        return self.connection

    async def __aexit__(self, *_):
        await self.connection.close()


async def busy(enroll):
    place = await enroll(zone="own")
    assert (await place.log(place.monday(1), 60)).status_code == 201
    await place.scan("midweek", place.monday(1).fromordinal(place.monday(1).toordinal() + 2))
    return place


async def visible(service, kind, user_id, student_id):
    counts = {}
    async with Acting(service, kind, user_id) as connection:
        for table in OWN_TABLES:
            counts[table] = await connection.fetchval(f"select count(*) from {table} where student_id = $1", student_id)
    return counts


async def test_the_database_shows_everyone_only_what_is_theirs(compliance, enroll):
    place, stranger = await busy(enroll), uuid4()
    for kind, user_id in (("student", place.student_id), ("partner", place.partner_id), ("admin", stranger), ("system", None)):
        assert all((await visible(compliance, kind, user_id, place.student_id)).values()), kind
    for kind, user_id in (("student", stranger), ("student", None), ("student", place.partner_id), ("partner", stranger)):
        assert not any((await visible(compliance, kind, user_id, place.student_id)).values()), (kind, user_id)
    await place.send("onboarding", place.unassigned())
    await eventually(lambda: compliance.sql("select 1 from access_grant where grant_id = $1 and not active", place.assignment_id))
    assert not any((await visible(compliance, "partner", place.partner_id, place.student_id)).values())


async def test_the_login_role_alone_sees_nothing(compliance):
    connection = await asyncpg.connect(compliance.database.login_url)
    try:
        for table in (*OWN_TABLES, "program", "scan"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select * from {table}")
    finally:
        await connection.close()


INSERT = """insert into hour_entry (revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by)
 values (1, $1, $2, $3, 60, 'theory', $4, $5, $6)"""


@pytest.mark.parametrize(
    ("kind", "source", "status", "logged_by"),
    [
        ("student", "lms", "submitted", "self"),
        ("student", "manual", "verified", "self"),
        ("student", "manual", "submitted", "partner"),
        ("partner", "manual", "submitted", "self"),
        ("admin", "manual", "submitted", "self"),
        ("admin", "lms", "voided", "self"),
    ],
)
async def test_the_database_refuses_hours_that_this_author_may_not_write(compliance, enroll, kind, source, status, logged_by):
    place = await enroll()
    me = {"student": place.student_id, "partner": place.partner_id, "admin": uuid4()}[kind]
    by = me if logged_by == "self" else place.partner_id
    async with Acting(compliance, kind, me) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(INSERT, place.enrollment_id, place.student_id, place.monday(1), source, status, by)


@pytest.mark.parametrize(
    "statement",
    [
        "update hour_entry set minutes = 600",
        "delete from hour_entry",
        "update alert set severity = 'low'",
        "delete from alert",
        "update enrollment set status = 'active'",
        "insert into alert (enrollment_id) values (uuidv7())",
        "update program set required_minutes_per_week = 0",
        "select * from scan",
        "select * from access_grant",
        "select * from outbox",
        "select * from audit_entry",
    ],
)
async def test_students_cannot_do_more_than_they_need(compliance, enroll, statement):
    place = await enroll()
    async with Acting(compliance, "student", place.student_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_the_ledger_is_append_only_for_everyone(compliance):
    for kind in ("partner", "admin", "system"):
        async with Acting(compliance, kind, uuid4()) as connection:
            for statement in ("update hour_entry set minutes = 0", "delete from hour_entry", "truncate hour_entry"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_others_get_404_and_empty_lists(enroll):
    place, other = await busy(enroll), await busy(enroll)
    [alert] = await place.alerts()
    [entry] = (await place.as_("student").get("/v1/hours")).json()["items"]
    for who in ("student", "partner"):
        client = other.as_(who)
        for path in (f"/v1/alerts/{alert['id']}", f"/v1/hours/{entry['log_id']}", f"/v1/enrollments/{place.enrollment_id}/weeks"):
            assert (await client.get(path)).status_code == 404, path
        assert (await client.post(f"/v1/hours/{entry['log_id']}/void", json={"reason": "x"})).status_code == 404
        assert (await client.get("/v1/alerts", params={"enrollment_id": str(place.enrollment_id)})).json()["items"] == []
        body = {"enrollment_id": str(place.enrollment_id), "work_date": place.monday(1).isoformat(), "minutes": 5, "category": "theory"}
        refused = await client.post("/v1/hours", json=body | {"source": "manual" if who == "student" else "partner"})
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/enrollment-not-known")
    for who in ("partner", "admin"):
        assert (await place.as_(who).get(f"/v1/alerts/{alert['id']}")).status_code == 200
    assert (await place.service.client().get("/v1/alerts")).status_code == 401
