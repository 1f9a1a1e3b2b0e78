"""What SQL finds of a set of enrollments is what the domain finds of each: who, how badly, and in which words."""

import os
import random
from datetime import date, timedelta
from uuid import uuid4

import asyncpg
import pytest
from chassis.database import Database
from compliance.domain import alerts, weeks
from compliance.queries import judging

LIVES = int(os.environ.get("CHAIRSIDE_CASES", "400"))
WEEK = date(2026, 3, 2)
DAYS = [WEEK + timedelta(days=n) for n in range(7)]


class Life:
    """An enrollment near that week: requirements, leaves, ledger rows, and how many weeks before it were missed in a row."""

    def __init__(self, chance):
        self.enrollment_id, self.student_id, self.program_id = uuid4(), uuid4(), uuid4()
        self.started_on = WEEK + timedelta(days=chance.choice([-200, -30, -14, -7, chance.randint(-20, 6)]))
        self.ended_on = chance.choice([None, None, None, WEEK + timedelta(days=chance.randint(-2, 9))])
        self.threshold = chance.choice([1, 3, 7, 7])
        self.required = chance.choice([0, 60, 600, 600, 1200, chance.randrange(3000)])
        self.later = chance.choice([None, 60])
        marks = sorted({WEEK + timedelta(days=chance.randint(-10, 12)) for _ in range(chance.choice([0, 0, 0, 1, 2, 4]))})
        self.leave = list(zip(marks[::2], marks[1::2], strict=False)) + ([(marks[-1], None)] if len(marks) % 2 else [])
        around = [
            WEEK + timedelta(days=chance.choice([-40, -14, -7, -6, -1, 0, 1, 2, 3, 5, 6, 8])) for _ in range(chance.choice([0, 0, 1, 3]))
        ]
        self.hours = [(day, chance.choice([1, 30, 299, 300, 301, 600])) for day in around if self.holds(day)]
        self.missed = chance.choice([None, 0, 1, 2, 5])

    def holds(self, day):
        return self.started_on <= day <= (self.ended_on or date.max)

    def progress(self, day, *, weekly_ran):
        life = {"started_on": self.started_on, "ended_on": self.ended_on, "leave": self.leave}
        upto = [(on, minutes) for on, minutes in self.hours if on <= day]
        last = max((on for on, _ in upto), default=None)
        return alerts.Progress(
            WEEK, day, self.required, self.threshold, weeks.target_minutes(self.required, WEEK, **life),
            weeks.counted_days(WEEK, day, **life), sum(minutes for on, minutes in upto if on >= WEEK),
            sum(minutes for on, minutes in self.hours if WEEK <= on <= DAYS[6]), last,
            weeks.idle_days(last, self.started_on, day, self.leave), self.missed or 0, weeks.on_leave(day, self.leave),
            any(on > day for on, _ in self.hours), weekly_ran,
        )  # fmt: skip


async def keep(connection, lives):
    rows = {"enrollment": [], "requirement": [], "leave": [], "hour_entry": [], "weekly_total": []}
    for life in lives:
        ids = (life.enrollment_id, life.student_id)
        rows["enrollment"].append((*ids, life.program_id, life.started_on, life.ended_on, "active", 1))
        until = WEEK + timedelta(days=7) if life.later is not None else None
        rows["requirement"].append(
            (life.enrollment_id, 1, life.student_id, weeks.week_of(life.started_on), until, life.required, life.threshold)
        )
        if life.later is not None:
            rows["requirement"].append((life.enrollment_id, 2, life.student_id, until, None, life.later, 30))
        rows["leave"] += [(*ids, first, last, uuid4()) for first, last in life.leave]
        rows["hour_entry"] += [(1, *ids, on, minutes, "practical", "manual", "submitted") for on, minutes in life.hours]
        totals = {}
        for on, minutes in life.hours:
            totals.setdefault(weeks.week_of(on), []).append((minutes, on))
        for week in totals.keys() | ({WEEK - timedelta(days=7)} if life.missed is not None else set()):
            found = totals.get(week, [])
            closed = life.missed is not None and week == WEEK - timedelta(days=7)
            result = (None, None, None) if not closed else ("missed", life.missed, DAYS[0])
            last = max((on for _, on in found), default=None)
            rows["weekly_total"].append((life.enrollment_id, week, life.student_id, sum(m for m, _ in found), len(found), last, *result))
    columns = {
        "enrollment": "enrollment_id, student_id, program_id, started_on, ended_on, status, revision",
        "requirement": "enrollment_id, revision, student_id, effective_from, effective_until, required_minutes_per_week, "
        "inactivity_days_threshold",
        "leave": "enrollment_id, student_id, first_on, last_on, approved_by, approved_at",
        "hour_entry": "revision, enrollment_id, student_id, work_date, minutes, category, source, status",
        "weekly_total": "enrollment_id, week_start, student_id, minutes, entries, last_activity_on, result, missed_in_a_row, closed_at",
    }
    for table, names in columns.items():
        count = len(rows[table][0]) if rows[table] else 0
        places = ", ".join(f"${n + 1}" for n in range(count)) + (", now()" if table == "leave" else "")
        await connection.executemany(f"insert into {table} ({names}) values ({places})", rows[table]) if rows[table] else None


@pytest.mark.parametrize(("kind", "weekly_ran"), [("midweek", False), ("midweek", True), ("weekly", False), ("inactivity", False)])
async def test_sql_and_domain_find_the_same(compliance, kind, weekly_ran):
    chance = random.Random(f"{os.environ.get('CHAIRSIDE_SEED', 'judging')} {kind}")
    lives = [Life(chance) for _ in range(LIVES)]
    connection = await asyncpg.connect(compliance.database.admin_url)
    database = Database(compliance.database.login_url, "compliance")
    try:
        await keep(connection, lives)
        seen = set()
        for day in DAYS:
            asked = judging.parameters(kind, day, [life.enrollment_id for life in lives], weekly_ran=weekly_ran)
            async with database.transaction() as tx:
                rows = await tx.all(f"with {judging.found(kind, last_day=day == DAYS[6])} select * from found", asked)
            found = {row.enrollment_id: alerts.Finding(row.severity, row.rule, row.message) for row in rows}
            for life in lives:
                expected = alerts.judge(kind, life.progress(day, weekly_ran=weekly_ran)) if life.holds(day) else None
                assert found.get(life.enrollment_id) == expected, (day, vars(life))
            seen |= {row.key for row in rows}
        assert seen == (set() if weekly_ran else set(alerts.RULES[kind]))
    finally:
        await connection.close()
        await database.close()
