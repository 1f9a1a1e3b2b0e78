"""A million rows in each database that is looked at: students in programs, and partners to whom a hundred of them each are assigned.

Every row follows from its number, so that two runs fill the same. Statements have `{rows}`, `{students}` and `{partner}`.
"""

from collections.abc import Mapping

import asyncpg
from chassis import schema

STUDENTS_OF_A_PARTNER = 100


def student(number: str) -> str:
    """SQL for the id of the student with this number."""
    return f"md5('student ' || ({number}))::uuid"


def partner(number: str) -> str:
    """SQL for the id of the partner with this number."""
    return f"md5('partner ' || ({number}))::uuid"


# Neighbours in a table are of different students, as they are when rows come in day by day.
ONE = student("n % {students}")
ENROLLMENT = "md5('enrollment ' || (n % {students}))::uuid"
PROGRAM = "md5('program ' || (n % 100))::uuid"
SERIES = "from generate_series(0, {rows} - 1) n"
EACH_STUDENT = "from generate_series(0, {students} - 1) n"
THEIRS = partner("n % ({students} / " + str(STUDENTS_OF_A_PARTNER) + ")")
ASSIGNED = f"insert into access_grant select md5('grant ' || n)::uuid, {THEIRS}, {ONE}, true, 1 {EACH_STUDENT}"
WEEK = "date '2026-11-02' - 7 * (n / {students})"
RECORD = f"{ENROLLMENT}, {ONE}, {PROGRAM}"
SKILL = "(array['haircut', 'fade', 'shave'])[n % 3 + 1]"
# One in twenty, of every student.
OPEN = "(n + n / {students}) % 20 = 7"
COMPLIANCE = [
    ASSIGNED,
    f"insert into program select {PROGRAM}, 'Program ' || n, 'America/New_York', 600, 7, 1 from generate_series(0, 99) n",
    f"insert into enrollment select {RECORD}, {WEEK} - 700, null, 'active', 1 {EACH_STUDENT}",
    f"insert into weekly_total select {ENROLLMENT}, {WEEK}, {ONE}, 300 + n % 400, 5, {WEEK} + 4 {SERIES}",
    f"""insert into alert (alert_id, enrollment_id, student_id, program_id, alert_type, week_start, severity, status, message, explanation,
       raised_at, resolved_at, resolution)
     select md5('alert ' || n)::uuid, {RECORD}, 'weekly_hours_check', {WEEK}, (array['low', 'medium', 'high'])[n % 3 + 1],
       case when {OPEN} then 'open' else 'resolved' end, 'Below the target', '{{"rule": "weekly_hours_check", "missing": 120}}',
       {WEEK} + interval '6 days' + n % 86400 * interval '1 second', case when not {OPEN} then {WEEK} + interval '9 days' end,
       case when not {OPEN} then 'hours were logged' end {SERIES}""",
]
SKILLS = [
    ASSIGNED,
    f"insert into enrollment select {RECORD}, 'active', 1 {EACH_STUDENT}",
    f"""insert into entry (enrollment_id, student_id, program_id, skill_code, service_name, performed_at, duration_minutes,
       client_identifier, self_rating, status, submitted_at)
     select {RECORD}, {SKILL}, 'Service', now() - n * interval '1 minute', 30, 'client ' || n, n % 5 + 1,
       (array['approved', 'approved', 'approved', 'pending', 'draft'])[(n + n / {{students}}) % 5 + 1], now() {SERIES}""",
]
PORTAL = [
    ASSIGNED,
    f"insert into person select {ONE}, 'active', 'Student ' || n, n || '@example.com', 'America/New_York', 1 {EACH_STUDENT}",
    f"""insert into program select {PROGRAM}, {partner("n")}, 'Program ' || n, 'America/New_York', 450, 120000, 600, 7,
       '[{{"code": "rise", "title": "Rise", "minutes": 450}}]', '[{{"code": "haircut", "title": "Haircut", "quota": 200}}]', 1
     from generate_series(0, 99) n""",
    f"insert into enrollment select {RECORD}, date '2026-01-05', null, 'active', 1 {EACH_STUDENT}",
    f"insert into course_progress select {ENROLLMENT}, 'rise', {ONE}, 'Rise', n % 100, 60, 450, now(), now(), 1 {EACH_STUDENT}",
    f"insert into milady_provisioning select {RECORD}, 'provisioned', null, 1, null, now(), 1 {EACH_STUDENT}",
    f"""insert into skill_entry select md5('entry ' || n)::uuid, {RECORD}, {SKILL}, 'Service', now() - n * interval '1 minute', 30, 3, 1,
       (array['approved', 'pending'])[n % 2 + 1], null, null, null, 1 {SERIES}""",
    f"""insert into hour_entry (log_id, enrollment_id, student_id, work_date, minutes, category, source, status, revision)
     select md5('log ' || n)::uuid, {ENROLLMENT}, {ONE}, current_date - n / {{students}}, 60, 'practical', 'manual', 'submitted', 1
     {SERIES}""",
    f"""insert into alert select md5('alert ' || n)::uuid, {RECORD}, 'weekly_hours_check', 'high', {WEEK}, 'Below the target', '{{}}',
       case when {OPEN} then 'open' else 'resolved' end, {WEEK}, null, null, 1 {SERIES}""",
]
# Here one row is one student: a million of them.
ONBOARDING = [
    ASSIGNED.replace("{students}", "{rows}"),
    f"""insert into program select {PROGRAM}, {partner("n")}, 'Program ' || n, 'America/New_York', 450, 120000, 600, 7, '[]', '[]', 1, now()
     from generate_series(0, 99) n""",
    f"""insert into enrollment (enrollment_id, student_id, program_id, started_on, created_at)
     select md5('enrollment ' || n)::uuid, {student("n")}, {PROGRAM}, date '2026-01-05', now() {SERIES}""",
]
IDENTITY = [
    f"""insert into user_account (user_id, email, name, time_zone, created_at, changed_at)
     select {student("n")}, n || '@example.com', 'Student ' || n, 'America/New_York', now(), now() {SERIES}""",
    f"insert into user_role (user_id, role) select {student('n')}, 'program_holder' {SERIES} where n % 50 = 0",
]
FILLS: Mapping[str, list[str]] = {
    "compliance": COMPLIANCE, "skills": SKILLS, "portal": PORTAL, "onboarding": ONBOARDING, "identity": IDENTITY,
}  # fmt: skip


async def fill(admin: asyncpg.Connection, service: str, rows: int) -> None:
    """Fills a service's migrated database, whose triggers stay quiet, and has its tables analysed."""
    await admin.execute("set session_replication_role = replica")
    for statement in FILLS[service]:
        await admin.execute(statement.replace("{rows}", str(rows)).replace("{students}", str(max(rows // 50, STUDENTS_OF_A_PARTNER))))
    await admin.execute("set session_replication_role = origin")
    await admin.execute("vacuum (analyze)")


async def unprotect(admin: asyncpg.Connection, service: str, conditions: Mapping[str, str]) -> None:
    """A kind of principal `plain` that no policy binds, and a schema `plain` whose views of these tables say the policies' conditions."""
    plain = schema.role(service, "plain")
    await admin.execute(f"create role {plain} nologin bypassrls")
    await admin.execute(f"grant {plain} to {service} with inherit false, set true")
    await admin.execute("create schema plain")
    for table, condition in conditions.items():
        await admin.execute(f"create view plain.{table} as select * from public.{table} where {condition}")
    for name in ("plain", "public"):
        await admin.execute(f"grant usage on schema {name} to {plain}")
        await admin.execute(f"grant select on all tables in schema {name} to {plain}")
