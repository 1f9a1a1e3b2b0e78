"""Enrollments in four zones with a year of closed weeks and twenty ledger rows each: of 100 in the week that is scanned 70 are on track,
20 behind, 9 silent, and one is behind for the third week.

Every row follows from its number and the seed, so that two runs fill the same. Ids are in the order of time, as `uuidv7` makes them.
`{n}` is how many, `{seed}` the seed, `{week}` the Monday of the week that is scanned.
"""

from datetime import date, timedelta

import asyncpg

ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
PROGRAMS, STUDENTS_OF_A_PARTNER, WEEKS, ENTRIES = 400, 200, 52, 20
REQUIRED = 600
ALERTED = 30
"""Of a hundred, so many are due an alert."""


def identifier(kind: str, number: str) -> str:
    """SQL for the id of the thing of that kind with this number, younger with each."""
    made = f"md5('{kind} {{seed}} ' || ({number}))"
    return f"(lpad(to_hex(1750000000000 + ({number})::bigint * 997), 12, '0') || '7' || left({made}, 3) || '8' || right({made}, 15))::uuid"


STUDENT, ENROLLMENT, PROGRAM = identifier("student", "i"), identifier("enrollment", "i"), identifier("program", f"i % {PROGRAMS}")
PARTNER = identifier("partner", f"i / {STUDENTS_OF_A_PARTNER}")
ZONE = f"(array{list(ZONES)!r})[i % 4 + 1]"
EACH = "from generate_series(0, {n} - 1) i"
MINUTES = (
    "case when k = 0 and i % 100 between 90 and 98 then 0 when (k = 0 and i % 100 >= 70) or (k < 3 and i % 100 = 99) then 200 else 600 end"
)
"""Of the week that lies `k` weeks before the one that is scanned, in two halves on Tuesday and Thursday."""
RESULT = "case when k between 1 and 2 and i % 100 = 99 then 'missed' when k > 0 then 'met' end"
WEEK = "date '{week}' - 7 * k"
IS_LMS = "i % 10 = 1"
FILL = (
    f"""insert into program (program_id, name, time_zone, required_minutes_per_week, inactivity_days_threshold, revision, theory_minutes,
       practical_minutes)
     select {identifier("program", "i")}, 'Program ' || i, {ZONE}, {REQUIRED}, 7, 1, 12000, 60000
     from generate_series(0, {PROGRAMS} - 1) i""",
    f"""insert into access_grant (grant_id, viewer_id, subject_id, active, revision)
     select {identifier("grant", "i")}, {PARTNER}, {STUDENT}, true, 1 {EACH}""",
    f"""insert into person (user_id, name, email, status, revision)
     select {STUDENT}, 'Student ' || i, i || '@example.com', 'active', 1 {EACH}""",
    f"""insert into enrollment (enrollment_id, student_id, program_id, time_zone, started_on, status, revision)
     select {ENROLLMENT}, {STUDENT}, {PROGRAM}, {ZONE}, date '{{week}}' - 7 * {WEEKS}, 'active', 1 {EACH}""",
    f"insert into student_ledger (student_id) select {STUDENT} {EACH}",
    f"""insert into requirement (enrollment_id, revision, student_id, effective_from, required_minutes_per_week, inactivity_days_threshold)
     select {ENROLLMENT}, 1, {STUDENT}, date '{{week}}' - 7 * {WEEKS}, {REQUIRED}, 7 {EACH}""",
    f"""insert into leave (enrollment_id, student_id, first_on, last_on, approved_by, approved_at)
     select {ENROLLMENT}, {STUDENT}, date '{{week}}' - 21, date '{{week}}' - 19, {PARTNER}, now() {EACH} where i % 100 = 50""",
    f"insert into milady_enrollment select {ENROLLMENT} {EACH} where {IS_LMS}",
    "insert into sync_run (sync_id, scope_kind, as_of, failed) values (uuidv7(), 'all', now(), '{}')",
    f"""insert into weekly_total (enrollment_id, week_start, student_id, minutes, entries, last_activity_on, revision, result,
       target_minutes, required_minutes, told_minutes, met_in_a_row, missed_in_a_row, closed_at)
     select {ENROLLMENT}, {WEEK}, {STUDENT}, m, case when m > 0 then 2 else 0 end, case when m > 0 then {WEEK} + 3 end,
       case when k > 0 then 1 else 0 end, {RESULT}, case when k > 0 then {REQUIRED} end, case when k > 0 then {REQUIRED} end,
       case when k > 0 then m end, case when {RESULT} = 'met' then {WEEKS} + 1 - k when k > 0 then 0 end,
       case when {RESULT} = 'missed' then 3 - k when k > 0 then 0 end, case when k > 0 then {WEEK} + interval '7 days' end
     from generate_series({WEEKS}, 0, -1) k cross join generate_series(0, {{n}} - 1) i
     cross join lateral (select {MINUTES} as m) w where m > 0 or k > 0""",
    f"""insert into hour_entry (log_id, revision, enrollment_id, student_id, work_date, minutes, category, source, status, logged_by,
       recorded_at)
     select {identifier("log", "(i::bigint * 32 + k * 2 + half)")}, 1, {ENROLLMENT}, {STUDENT}, {WEEK} + 1 + 2 * half, m / 2, 'practical',
       case when {IS_LMS} then 'lms' else 'manual' end, case when {IS_LMS} then 'verified' else 'submitted' end,
       case when not {IS_LMS} then {STUDENT} end, {WEEK} + interval '2 days'
     from generate_series({ENTRIES // 2}, 0, -1) k cross join generate_series(0, {{n}} - 1) i
     cross join lateral (select {MINUTES} as m) w cross join generate_series(0, 1) half
     where m > 0 and k < {ENTRIES // 2} + case when i % 100 between 90 and 98 then 1 else 0 end""",
    """insert into hour_revision (log_id, revision, enrollment_id, student_id, work_date, source, external_key, recorded_at)
     select log_id, revision, enrollment_id, student_id, work_date, source, external_key, recorded_at from hour_entry""",
)
BIG = ("weekly_total", "hour_entry", "hour_revision")
INDEXES = """select indexrelid::regclass::text as name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') as made from pg_index
 where indrelid = $1::regclass and not indisprimary"""
KEYS = (
    """select conname::text as name, pg_get_constraintdef(oid) as made from pg_constraint where conrelid = $1::regclass and contype = 'p'"""
)
TABLES = (
    "enrollment",
    "requirement",
    "weekly_total",
    "hour_entry",
    "hour_revision",
    "alert",
    "student_ledger",
    "person",
    "access_grant",
    "leave",
    "outbox",
)
"""What no query may walk through: those that grow with enrollments."""


def last_whole_week(today: date) -> date:
    """The Monday of the last week that is over in every zone."""
    yesterday = today - timedelta(days=1)
    return yesterday - timedelta(days=yesterday.weekday() + 7)


async def fill(admin: asyncpg.Connection, enrollments: int, seed: int, week: date) -> None:
    """Fills a migrated database whose triggers stay quiet; the big tables get their indexes at the end, in one go."""
    for setting in ("session_replication_role = replica", "synchronous_commit = off", "maintenance_work_mem = '1GB'", "work_mem = '256MB'"):
        await admin.execute(f"set {setting}")
    made = [(table, *row) for table in BIG for row in await admin.fetch(INDEXES, table)]
    keys = [(table, *row) for table in BIG for row in await admin.fetch(KEYS, table)]
    for _, name, _ in made:
        await admin.execute(f"drop index {name}")
    for table, name, _ in keys:
        await admin.execute(f"alter table {table} drop constraint {name}")
    await admin.execute(f"select make_ledger_years(array[{week.isocalendar().year - 1}])")
    for statement in FILL:
        filled = statement.replace("{n}", str(enrollments)).replace("{seed}", str(seed)).replace("{week}", week.isoformat())
        await admin.execute(filled)
    for table, name, how in keys:
        await admin.execute(f"alter table {table} add constraint {name} {how}")
    for _, _, how in made:
        await admin.execute(how)
    await admin.execute("set session_replication_role = origin")
    await admin.execute("vacuum (analyze)")
    await admin.execute("checkpoint")
