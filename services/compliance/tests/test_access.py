"""Row-level security: over HTTP, and straight in PostgreSQL when the application forgets."""

from uuid import uuid4

import asyncpg
import pytest
from contracts.examples import example
from dev.harness import eventually

OWN_TABLES = (
    "enrollment",
    "student_ledger",
    "hour_entry",
    "hour_flag",
    "hour_acceptance",
    "weekly_total",
    "alert",
    "requirement",
    "leave",
    "person",
)


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
    place = await enroll(zone="own", rules={"daily_cap_minutes": 30})
    await place.send("identity", example("user.changed", "student").model_copy(update={"user_id": place.student_id}))
    await place.arrived()
    entry = await place.log(place.monday(1), 60)
    assert (await place.revise("admin", entry.json(), "acceptance")).status_code == 200
    await place.scan("midweek", place.monday(1).fromordinal(place.monday(1).toordinal() + 2))
    away = {"enrollment_id": str(place.enrollment_id), "first_on": "2100-01-01"}
    assert (await place.as_("admin").post("/v1/leaves", json=away)).status_code == 201
    return place


async def visible(service, kind, user_id, student_id):
    counts = {}
    async with Acting(service, kind, user_id) as connection:
        for table in OWN_TABLES:
            counts[table] = await connection.fetchval(
                f"select count(*) from {table} where {'user_id' if table == 'person' else 'student_id'} = $1", student_id
            )
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


INSERT = """insert into hour_entry (revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by,
  recorded_by) values ($1, $2, $3, $4, 60, 'theory', $5, $6, $7, $8)"""


@pytest.mark.parametrize(
    ("kind", "revision", "source", "status", "logged_by", "recorded_by", "allowed"),
    [
        ("student", 1, "manual", "submitted", "self", "self", True),
        ("student", 1, "manual", "submitted", "self", "other", False),
        ("student", 1, "lms", "submitted", "self", "self", False),
        ("student", 1, "partner", "submitted", "self", "self", False),
        ("student", 2, "manual", "verified", "self", "self", False),
        ("student", 1, "manual", "submitted", "other", "self", False),
        ("partner", 1, "coordinator", "submitted", "self", "self", True),
        ("partner", 1, "manual", "submitted", "self", "self", False),
        ("partner", 1, "lms", "submitted", "self", "self", False),
        ("partner", 2, "manual", "verified", "other", "self", True),
        ("partner", 2, "manual", "verified", "other", "other", False),
        ("partner", 2, "partner", "verified", "self", "self", False),
        ("partner", 1, "manual", "submitted", "other", "self", False),
        ("partner", 2, "manual", "voided", "other", "self", False),
        ("partner", 2, "lms", "rejected", "other", "self", False),
        ("admin", 2, "manual", "verified", "other", "self", True),
        ("admin", 1, "manual", "submitted", "self", "self", False),
        ("admin", 2, "lms", "voided", "self", "self", False),
        ("admin", 2, "partner", "verified", "self", "self", False),
        ("admin", 1, "partner", "submitted", "other", "self", False),
    ],
)
async def test_the_database_takes_hours_from_those_who_may_write_them(
    compliance, enroll, kind, revision, source, status, logged_by, recorded_by, allowed
):
    place = await enroll()
    me = {"student": place.student_id, "partner": place.partner_id, "admin": uuid4()}[kind]
    by = {"self": me, "other": uuid4()}
    row = (revision, place.enrollment_id, place.student_id, place.monday(1), source, status, by[logged_by], by[recorded_by])
    async with Acting(compliance, kind, me) as connection:
        if allowed:
            assert await connection.execute(INSERT, *row)
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(INSERT, *row)


@pytest.mark.parametrize(
    "statement",
    [
        "update hour_entry set minutes = 600",
        "delete from hour_entry",
        "update alert set severity = 'low'",
        "delete from alert",
        "delete from hour_flag",
        "insert into hour_acceptance (log_id) values (uuidv7())",
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
            for statement in (
                "update hour_entry set minutes = 0",
                "delete from hour_entry",
                "truncate hour_entry",
                "update hour_acceptance set minutes = 1",
                "delete from hour_acceptance",
            ):
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
