"""Row-level security, asked for straight in PostgreSQL: what holds even when the application forgets."""

from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from contracts.examples import example
from dev.harness import eventually, send

DENIED = asyncpg.InsufficientPrivilegeError
STUDENTS = ("enrollment", "course_progress")


@pytest_asyncio.fixture
async def acting(onboarding):
    """`await acting(kind, user_id)`: a connection of the login role that acts as that principal."""
    opened = []

    async def act(kind, user_id):
        connection = await asyncpg.connect(onboarding.database.login_url)
        opened.append(connection)
        await connection.execute(f"select set_config('role', 'onboarding_{kind}', false), set_config('app.user_id', '{user_id}', false)")
        return connection

    yield act
    for connection in opened:
        await connection.close()


@pytest_asyncio.fixture
async def studying(onboarding, enrolled, kafka):
    """An enrollment as `enrolled` makes it, with progress in a course."""
    holder, program, student, enrollment = await enrolled()
    event = example("course.progressed").model_copy(update={"enrollment_id": UUID(enrollment["id"]), "student_id": student.id})
    await send(kafka, "milady-sync", event)
    await eventually(lambda: onboarding.sql("select * from course_progress where student_id = $1", student.id))
    return holder, program, student, enrollment


@pytest.mark.parametrize("table", STUDENTS)
async def test_a_students_rows_are_seen_by_the_student_and_who_is_assigned_now(acting, studying, partner, admin, table):
    holder, _, student, _ = studying
    stranger = await partner("worksite")
    count = f"select count(*) from {table} where student_id = '{student.id}'"
    assert await (await acting("student", student.id)).fetchval(count) == 1
    assert await (await acting("student", holder.id)).fetchval(count) == 0
    assert await (await acting("admin", admin.id)).fetchval(count) == 1
    unassigned, assigned = await acting("partner", stranger.id), await acting("partner", holder.id)
    assert (await unassigned.fetchval(count), await assigned.fetchval(count)) == (0, 1)
    [assignment] = (await holder.http.get("/v1/assignments")).json()["items"]
    await admin.http.delete(f"/v1/assignments/{assignment['id']}")
    assert await assigned.fetchval(count) == 0


async def test_names_are_seen_by_their_owners_and_who_is_assigned(acting, studying, partner):
    holder, _, student, _ = studying
    stranger = await partner()
    for someone, seen in ((holder, {holder.id, student.id}), (stranger, {stranger.id})):
        rows = await (await acting("partner", someone.id)).fetch("select user_id from person")
        assert {row["user_id"] for row in rows} == seen
    assert {row["user_id"] for row in await (await acting("student", student.id)).fetch("select user_id from person")} == {student.id}


@pytest.mark.parametrize("table", ["partner", "signature"])
async def test_applications_and_signatures_are_ones_own(acting, partner, table):
    one, _ = await partner(), await partner()
    for kind in ("student", "partner"):
        assert {row["user_id"] for row in await (await acting(kind, one.id)).fetch(f"select user_id from {table}")} == {one.id}


async def test_nobody_makes_themselves_active_before_approval_and_signatures(acting, person, admin):
    unapproved, unsigned = await person(), await person()
    for someone in (unapproved, unsigned):
        await someone.apply()
    await unapproved.sign()
    await admin.http.post(f"/v1/partners/{unsigned.id}/approval")
    for someone in (unapproved, unsigned):
        connection = await acting("student", someone.id)
        for sql in ("update partner set status = 'active', revision = 9, activated_at = now()", "update partner set status = 'approved'"):
            with pytest.raises(DENIED):
                await connection.execute(sql)
        with pytest.raises(DENIED):
            await connection.execute("update partner set approved_at = now(), approved_by = $1", admin.id)


async def test_nobody_applies_as_approved_or_for_another(acting, person):
    someone = await person()
    connection = await acting("student", someone.id)
    with pytest.raises(DENIED):
        await connection.execute(
            "insert into partner (user_id, role, status, applied_at) values ($1, 'worksite', 'active', now())", someone.id
        )
    with pytest.raises(DENIED):
        await connection.execute("insert into partner (user_id, role, applied_at) values ($1, 'worksite', now())", uuid4())


async def test_an_administrator_cannot_approve_themselves_past_the_application(acting, person):
    both = await person("Ada Okafor", "admin", "admin")
    await both.apply()
    connection = await acting("admin", both.id)
    approve = "update partner set status = 'approved', approved_at = now(), approved_by = $1 where user_id = $2"
    for claimed in (both.id, uuid4()):
        with pytest.raises((DENIED, asyncpg.CheckViolationError)):
            await connection.execute(approve, claimed, both.id)


@pytest.mark.parametrize("kind", ["student", "partner", "admin", "system"])
async def test_a_signature_is_never_changed_or_removed(acting, partner, kind):
    connection = await acting(kind, (await partner()).id)
    for sql in ("update signature set typed_name = 'x'", "delete from signature"):
        with pytest.raises(DENIED):
            await connection.execute(sql)


async def test_nobody_signs_for_another(acting, partner):
    one, other = await partner(), await partner()
    connection = await acting("student", one.id)
    with pytest.raises(DENIED):
        await connection.execute(
            """insert into signature select uuidv7(), $1, role, document_id, document_version, document_hash, intent, consent, typed_name,
               signed_at, ip, user_agent, authentication_method, signature_hash from signature""",
            other.id,
        )


async def test_a_partner_assigns_and_enrolls_in_their_own_programs_only(acting, studying, partner):
    _, program, student, _ = studying
    stranger = await partner()
    connection = await acting("partner", stranger.id)
    assign = "insert into assignment (student_id, partner_id, role, program_id, assigned_at) values ($1, $2, 'program_holder', $3, now())"
    for program_id in (program["id"], None):
        with pytest.raises(DENIED):
            await connection.execute(assign, student.id, stranger.id, program_id)
    enroll = "insert into enrollment (student_id, program_id, started_on, created_at) values ($1, $2, now(), now())"
    with pytest.raises(DENIED):
        await connection.execute(enroll, uuid4(), program["id"])
    publish = """insert into program (partner_id, name, time_zone, theory_minutes, practical_minutes, required_minutes_per_week,
        inactivity_days_threshold, courses, skills, published_at) values ($1, 'P', 'UTC', 0, 0, 0, 7, '[]', '[]', now())"""
    with pytest.raises(DENIED):
        await connection.execute(publish, uuid4())
    with pytest.raises(DENIED):
        await connection.execute("insert into access_grant values (uuidv7(), $1, $2, true, 1)", stranger.id, student.id)


async def test_whether_a_person_exists_is_told_to_who_enrolls_and_no_more(acting, studying, partner):
    _, _, student, _ = studying
    stranger = await acting("partner", (await partner()).id)
    assert await stranger.fetchval("select person_standing($1)", student.id) == "active"
    assert await stranger.fetchval("select person_standing($1)", uuid4()) is None
    with pytest.raises(DENIED):
        await (await acting("student", student.id)).fetchval("select person_standing($1)", student.id)


async def test_without_acting_as_somebody_nothing_is_seen(onboarding, acting, studying):
    login = await asyncpg.connect(onboarding.database.login_url)
    with pytest.raises(DENIED):
        await login.fetch("select * from enrollment")
    await login.close()
    for kind in ("student", "partner"):
        assert await (await acting(kind, "")).fetch("select * from enrollment") == []
