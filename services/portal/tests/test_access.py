"""Row-level security, straight in PostgreSQL and through the doors: who sees whose rows."""

from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from contracts.messages import MessageSent

RECORDS = (
    "enrollment", "course_progress", "milady_provisioning", "skill_entry", "hour_entry", "alert", "week_total", "requirement",
    "week_result",
)  # fmt: skip


@pytest_asyncio.fixture
async def full(story, told):
    """A student with a row in every table of students' records."""
    alert = story.alert()
    await story.tell(story.progressed("well", 45), story.service(), story.logged(60), alert, story.asked(1200), story.closed())
    for table in ("course_progress", "skill_entry", "hour_entry", "alert", "requirement", "week_result"):
        await told(f"select 1 from {table} where student_id = $1", story.student)
    return story


@pytest_asyncio.fixture
async def acting(portal):
    """`await acting(kind, user_id)`: a connection of the login role that acts as that principal."""
    opened = []

    async def act(kind, user_id):
        connection = await asyncpg.connect(portal.database.login_url)
        opened.append(connection)
        await connection.execute(f"select set_config('role', 'portal_{kind}', false), set_config('app.user_id', '{user_id}', false)")
        return connection

    yield act
    for connection in opened:
        await connection.close()


async def enrollments_in(connection, table):
    return {row["enrollment_id"] for row in await connection.fetch(f"select enrollment_id from {table}")}


@pytest.mark.parametrize("table", RECORDS)
async def test_students_see_their_own_records_and_no_others(acting, full, table):
    assert await enrollments_in(await acting("student", full.student), table) == {full.enrollment}
    assert await enrollments_in(await acting("student", uuid4()), table) == set()


@pytest.mark.parametrize("table", RECORDS)
async def test_partners_see_students_assigned_to_them_and_admins_all(acting, full, table):
    assert await enrollments_in(await acting("partner", full.holder), table) == {full.enrollment}
    assert await enrollments_in(await acting("partner", uuid4()), table) == set()
    assert full.enrollment in await enrollments_in(await acting("admin", uuid4()), table)


@pytest.mark.parametrize("kind", ["student", "partner", "admin"])
@pytest.mark.parametrize("table", ["alert", "enrollment", "person", "program", "hour_entry", "access_grant"])
async def test_nobody_writes_the_read_model(acting, full, kind, table):
    connection = await acting(kind, full.student)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"delete from {table}")


async def test_names_are_seen_by_whom_they_concern(acting, full):
    async def seen(kind, user_id):
        return {row["user_id"] for row in await (await acting(kind, user_id)).fetch("select user_id from person")}

    assert await seen("student", full.student) == {full.student}
    assert await seen("partner", full.holder) == {full.holder, full.student}
    assert await seen("partner", uuid4()) == set()


async def test_an_address_tells_a_holder_the_id_alone_and_a_student_nothing(acting, full):
    address = f"{full.student.hex.upper()}@EXAMPLE.com"
    stranger = await acting("partner", uuid4())
    assert await stranger.fetchval("select person_with_email($1)", address) == full.student
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await (await acting("student", full.student)).fetchval("select person_with_email($1)", address)


async def test_messages_and_audit(acting, story, told):
    message = MessageSent(
        revision=1, message_id=uuid4(), recipient_id=story.student, kind="welcome", channel="email", sent_at=story.alert().raised_at
    )
    await story.tell(message)
    await told("select 1 from message where message_id = $1", message.message_id)
    assert len(await (await acting("student", story.student)).fetch("select 1 from message")) == 1
    assert await (await acting("partner", story.holder)).fetch("select 1 from message") == []
    for kind in ("student", "partner"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await (await acting(kind, story.student)).fetch("select 1 from audit_log")


async def test_without_acting_as_somebody_nothing_is_seen(portal, acting, full):
    connection = await asyncpg.connect(portal.database.login_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from alert")
    await connection.close()
    assert await (await acting("student", "")).fetch("select * from alert") == []


@pytest.mark.parametrize(("kind", "roles", "path"), [
    ("student", (), "/program-holder"), ("student", (), "/admin/partners"), ("partner", ("program_holder",), "/admin/partners"),
    ("partner", ("worksite",), "/program-holder"), ("admin", ("admin",), "/program-holder"),
])  # fmt: skip
async def test_pages_of_other_roles_are_closed(browse, kind, roles, path):
    for closed in (path, f"{path}/parts/holder_alerts"):
        answer = await browse(kind, None, *roles).http.get(closed)
        assert answer.status_code == 403
        assert "another role" in answer.text


async def test_another_partner_does_not_find_the_student_through_the_api(portal, full):
    for kind, user, status in (
        ("partner", full.holder, 200),
        ("partner", uuid4(), 404),
        ("student", uuid4(), 404),
        ("admin", uuid4(), 200),
    ):
        answer = await portal.client(kind, user).get(f"/v1/students/{full.student}/progress")
        assert answer.status_code == status, kind
