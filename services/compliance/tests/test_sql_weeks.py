"""What SQL computes for sets of enrollments is what the domain computes for one: targets, counted days, idle days."""

import os
import random
from datetime import date, timedelta

from compliance.domain import weeks

CASES = int(os.environ.get("CHAIRSIDE_CASES", "3000"))
ASKED = """select week_target(c.required, c.week, c.started_on, c.ended_on, o.days) as target,
   counted_days(c.week, c.day, c.started_on, c.ended_on, o.days) as counted,
   idle_days(c.active_on, c.started_on, c.day, o.days) as idle
 from unnest($1::int[], $2::date[], $3::date[], $4::date[], $5::date[], $6::date[], $7::text[]) with ordinality
   as c (required, week, day, started_on, ended_on, active_on, leave, n), lateral (select c.leave::datemultirange as days) o order by n"""


def life(chance):
    """A week with a day of it, and an enrollment near: begun, perhaps ended, perhaps active, with leaves that do not overlap."""
    week = weeks.week_of(date(2020, 1, 1) + timedelta(days=chance.randrange(7000)))

    def near():
        return week + timedelta(days=chance.randint(-20, 25))

    marks = sorted({near() for _ in range(chance.choice([0, 0, 1, 2, 4, 5]))})
    leave = list(zip(marks[::2], marks[1::2], strict=False)) + ([(marks[-1], None)] if len(marks) % 2 else [])
    started, ended = near(), chance.choice([None, None, near()])
    return {
        "required": chance.choice([0, 1, 600, 1200, chance.randrange(5000)]), "week": week,
        "day": week + timedelta(days=chance.randrange(7)),
        "started_on": started, "ended_on": ended, "active_on": chance.choice([None, near()]), "leave": leave,
    }  # fmt: skip


def multirange(leave):
    return "{" + ",".join(f"[{first},{last or ''}]" if last else f"[{first},)" for first, last in leave) + "}" if leave else None


async def test_sql_and_domain_agree_on_weeks(compliance):
    chance = random.Random(os.environ.get("CHAIRSIDE_SEED", "weeks"))
    lives = [life(chance) for _ in range(CASES)]
    columns = ("required", "week", "day", "started_on", "ended_on", "active_on")
    arrays = [[each[name] for each in lives] for name in columns]
    rows = await compliance.sql(ASKED, *arrays, [multirange(each["leave"]) for each in lives])
    for each, row in zip(lives, rows, strict=True):
        days = {name: each[name] for name in ("started_on", "ended_on", "leave")}
        expected = (
            weeks.target_minutes(each["required"], each["week"], **days),
            weeks.counted_days(each["week"], each["day"], **days),
            weeks.idle_days(each["active_on"], each["started_on"], each["day"], each["leave"]),
        )
        assert tuple(row) == expected, each
