"""Row-level security, asked for straight in PostgreSQL: what holds even when the application forgets."""

from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from contracts.examples import example
from dev.harness import eventually, send
from payroll import enter

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
    changed = ("typed_name = 'x'", "typed_name = ''", "typed_name = 'x', erased_at = now()", "document_hash = 'x'", "signed_at = now()")
    for sql in (*(f"update signature set {each}" for each in changed), "delete from signature"):
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


SEALED = ("sealed_routing_number", "sealed_account_number", "sealed_tax_id")


@pytest_asyncio.fixture
async def paid(partner):
    """A partner with a payroll profile."""
    made = await partner()
    assert (await enter(made)).status_code == 200
    return made


@pytest.mark.parametrize("kind", ["student", "partner", "admin", "system"])
async def test_tax_and_bank_numbers_are_read_by_the_payroll_admins_role_alone(acting, paid, payroll, kind):
    connection = await acting(kind, paid.id)
    for column in ("*", *SEALED):
        with pytest.raises(DENIED):
            await connection.fetch(f"select {column} from payroll_profile")
    with pytest.raises(DENIED):
        await connection.fetch("select 1 from payroll_profile where sealed_tax_id > ''")
    with pytest.raises(DENIED):
        await connection.fetch("update payroll_profile set state = 'pending' returning sealed_tax_id")
    read = await (await acting("payroll_admin", payroll.id)).fetchrow("select * from payroll_profile where user_id = $1", paid.id)
    assert all(read[column] for column in SEALED)


async def test_profiles_are_shown_to_their_owners_administrators_and_payroll_admins(acting, paid, partner, admin, payroll):
    other, count = await partner(), "select count(user_id) from payroll_profile where user_id = $1"
    seen = {("student", paid): 1, ("partner", paid): 1, ("admin", admin): 1, ("payroll_admin", payroll): 1, ("student", other): 0,
            ("partner", other): 0}  # fmt: skip
    for (kind, who), number in seen.items():
        assert await (await acting(kind, who.id)).fetchval(count, paid.id) == number, kind
    for kind in ("student", "partner", "admin", "payroll_admin"):
        with pytest.raises(DENIED):
            await (await acting(kind, other.id)).execute("delete from payroll_profile")


async def test_a_payroll_admin_learns_the_names_of_those_who_are_paid_and_no_others(acting, paid, partner, payroll):
    other = await partner()
    known = {row["user_id"] for row in await (await acting("payroll_admin", payroll.id)).fetch("select user_id from person")}
    assert paid.id in known
    assert other.id not in known


@pytest.mark.parametrize("kind", ["student", "partner", "admin"])
async def test_nobody_makes_a_profile_active_who_is_no_payroll_admin(acting, paid, payroll, kind):
    connection = await acting(kind, paid.id)
    active = "update payroll_profile set state = 'active', decided_at = now(), decided_by = $1 where user_id = $2"
    with pytest.raises(DENIED):
        await connection.execute(active, payroll.id, paid.id)


async def test_a_payroll_admin_decides_on_others_in_their_own_name_and_touches_no_number(onboarding, acting, paid, payroll):
    active = "update payroll_profile set state = 'active', decided_at = now(), decided_by = $1 where user_id = $2"
    own = await acting("payroll_admin", paid.id)
    with pytest.raises(DENIED):
        await own.execute(active, payroll.id, paid.id)
    connection = await acting("payroll_admin", payroll.id)
    with pytest.raises(DENIED):
        await connection.execute(active, uuid4(), paid.id)
    with pytest.raises(DENIED):
        await connection.execute(active.replace("set", "set sealed_account_number = 'x',"), payroll.id, paid.id)
    assert await connection.execute(active, payroll.id, paid.id) == "UPDATE 1"


async def test_nobody_enters_a_profile_for_another_or_as_decided(acting, paid, partner, payroll):
    other = await partner()
    enter = """insert into payroll_profile (user_id, payment_type, sealed_routing_number, sealed_account_number, sealed_tax_id,
        routing_last_four, account_last_four, tax_last_four, submitted_at)
        values ($1, 'ach', 'x', 'x', 'x', '0000', '0000', '0000', now())"""
    for kind in ("student", "partner", "admin", "payroll_admin"):
        connection = await acting(kind, paid.id)
        with pytest.raises(DENIED):
            await connection.execute(enter, other.id)
    connection = await acting("student", other.id)
    with pytest.raises(DENIED):
        await connection.execute(enter.replace("submitted_at)", "submitted_at, state)").replace("now())", "now(), 'active')"), other.id)
