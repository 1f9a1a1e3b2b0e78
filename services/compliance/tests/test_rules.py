"""SPEC 3.3 as a table: every row of the rules and every boundary, and what holds of all of them."""

from datetime import date, timedelta

import pytest
from compliance.domain import alerts
from compliance.domain.weeks import counted_days, idle_days, target_minutes
from hypothesis import given
from hypothesis import strategies as st

MONDAY = date(2026, 11, 16)
WEDNESDAY, SUNDAY = MONDAY + timedelta(days=2), MONDAY + timedelta(days=6)
minutes = st.integers(0, 3000)


def progress(
    kind="weekly", *, started_on=date(2026, 1, 5), ended_on=None, leave=(), required=600, last_on=None, checked_on=None, **changes
):
    """10 hours a week, begun long ago, nothing logged yet, and whatever is said otherwise."""
    checked_on = checked_on or (WEDNESDAY if kind == "midweek" else SUNDAY)
    life = {"started_on": started_on, "ended_on": ended_on, "leave": leave}
    numbers = {
        "week_start": MONDAY, "checked_on": checked_on, "required_minutes": required, "threshold": 7,
        "target": target_minutes(required, MONDAY, **life), "begun": counted_days(MONDAY, checked_on, **life), "logged": 0,
        "week_minutes": changes.get("logged", 0), "last_activity_on": last_on,
        "idle_days": idle_days(last_on, started_on, checked_on, leave),
        "on_leave": any(first <= checked_on <= (last or date.max) for first, last in leave),
    } | changes  # fmt: skip
    return alerts.Progress(**numbers)


def severity(kind, **changes):
    found = alerts.judge(kind, progress(kind, **changes))
    return found and found.severity


def ago(days):
    return SUNDAY - timedelta(days=days)


MIDWEEK = [
    ("half of the target, to the minute, is behind", {"logged": 300}, "low"),
    ("a minute more is not", {"logged": 301}, None),
    ("one minute is some hours", {"logged": 1}, "low"),
    ("none at all", {}, "medium"),
    ("the week is made by hours dated later", {"week_minutes": 600}, None),
    ("a minute is missing of what is dated later", {"week_minutes": 599}, "medium"),
    ("nothing is asked", {"required": 0}, None),
    ("begun on Wednesday: a day counts", {"started_on": WEDNESDAY}, "medium"),
    ("begun on Thursday: none of Monday to Wednesday counts", {"started_on": WEDNESDAY + timedelta(days=1)}, None),
    ("half of a target of 5 days", {"started_on": WEDNESDAY, "logged": 214}, "low"),
    ("and a minute more", {"started_on": WEDNESDAY, "logged": 215}, None),
    ("ended on Monday: a day counts", {"ended_on": MONDAY}, "medium"),
    ("ended before", {"ended_on": MONDAY - timedelta(days=1)}, None),
    ("on leave Monday to Wednesday", {"leave": [(MONDAY, WEDNESDAY)]}, None),
    ("on leave Monday and Tuesday", {"leave": [(MONDAY, WEDNESDAY - timedelta(days=1))]}, "medium"),
    ("on leave all week", {"leave": [(MONDAY - timedelta(days=3), None)]}, None),
    ("half of a target of 4 days", {"leave": [(WEDNESDAY + timedelta(days=1), SUNDAY - timedelta(days=1))], "logged": 171}, "low"),
    ("and a minute more", {"leave": [(WEDNESDAY + timedelta(days=1), SUNDAY - timedelta(days=1))], "logged": 172}, None),
    ("the weekly check was there already", {"weekly_ran": True}, None),
    ("idle for long, and missed weeks, make it no worse", {"last_on": ago(40), "missed_before": 9}, "medium"),
]
WEEKLY = [
    ("the target to the minute", {"logged": 600, "last_on": SUNDAY}, None),
    ("a minute less", {"logged": 599, "last_on": SUNDAY}, "low"),
    ("one minute is some hours", {"logged": 1, "last_on": SUNDAY}, "low"),
    ("none, 6 idle days", {"last_on": ago(6)}, "medium"),
    ("none, 7 idle days: at the threshold", {"last_on": ago(7)}, "high"),
    ("none, 13 idle days", {"last_on": ago(13)}, "high"),
    ("none, 14 idle days: twice the threshold", {"last_on": ago(14)}, "critical"),
    ("never any: idle days from the first day of the enrollment", {"started_on": ago(6)}, "medium"),
    ("7 of them", {"started_on": ago(7)}, "high"),
    ("14 of them", {"started_on": ago(14)}, "critical"),
    ("days of leave are not idle: 14 less 1", {"last_on": ago(14), "leave": [(ago(9), ago(9))]}, "high"),
    ("7 less 1", {"last_on": ago(7), "leave": [(ago(2), ago(2))]}, "medium"),
    ("leave on the day of the last activity takes nothing off", {"last_on": ago(7), "leave": [(ago(8), ago(7))]}, "high"),
    ("some hours, and idle at a threshold of 3: high needs none this week", {"logged": 60, "last_on": ago(5), "threshold": 3}, "low"),
    ("some hours, and idle at twice a threshold of 3", {"logged": 60, "last_on": ago(6), "threshold": 3}, "critical"),
    ("the second week in a row", {"logged": 60, "last_on": SUNDAY, "missed_before": 1}, "low"),
    ("the third week in a row", {"logged": 60, "last_on": SUNDAY, "missed_before": 2}, "critical"),
    ("the fourth", {"missed_before": 3}, "critical"),
    ("the third in a row, but made", {"logged": 600, "last_on": SUNDAY, "missed_before": 2}, None),
    ("made by hours dated later than a check by hand", {"week_minutes": 600}, None),
    ("nothing is asked", {"required": 0}, None),
    ("on leave all week", {"leave": [(MONDAY, SUNDAY)]}, None),
    ("leave of 5 days: 171 minutes are asked", {"leave": [(MONDAY, ago(2))], "logged": 171, "last_on": SUNDAY}, None),
    ("170 are not enough", {"leave": [(MONDAY, ago(2))], "logged": 170, "last_on": SUNDAY}, "low"),
    ("a midweek check alone is stopped by the weekly one", {"weekly_ran": True, "last_on": ago(6)}, "medium"),
]
INACTIVITY = [
    ("6 idle days", {"last_on": ago(6)}, None),
    ("7: at the threshold", {"last_on": ago(7)}, "high"),
    ("13", {"last_on": ago(13)}, "high"),
    ("14: twice", {"last_on": ago(14)}, "critical"),
    ("never any, begun 7 days ago", {"started_on": ago(7)}, "high"),
    ("never any, begun 6 days ago", {"started_on": ago(6)}, None),
    ("another threshold", {"last_on": ago(3), "threshold": 3}, "high"),
    ("a day of leave", {"last_on": ago(30), "leave": [(SUNDAY, SUNDAY)]}, None),
    ("the day after leave", {"last_on": ago(8), "leave": [(ago(1), ago(1))]}, "high"),
    ("days of leave are not idle", {"last_on": ago(8), "leave": [(ago(2), ago(1))]}, None),
    ("active since the day that is looked at", {"last_on": ago(20), "active_since": True}, None),
    ("the week is made, yet idle at a threshold of 3", {"logged": 600, "last_on": ago(3), "threshold": 3}, "high"),
    ("nothing is asked of the week, yet idle", {"required": 0, "last_on": ago(7)}, "high"),
]


@pytest.mark.parametrize(
    ("kind", "numbers", "expected"),
    [
        pytest.param(kind, *row[1:], id=f"{kind}: {row[0]}")
        for kind, table in (("midweek", MIDWEEK), ("weekly", WEEKLY), ("inactivity", INACTIVITY))
        for row in table
    ],
)
def test_the_table_of_the_rules(kind, numbers, expected):
    assert severity(kind, **numbers) == expected


def test_every_row_of_the_rules_is_in_the_table():
    tables = (("midweek", MIDWEEK), ("weekly", WEEKLY), ("inactivity", INACTIVITY))
    seen = {(kind, alerts.rule_of(kind, progress(kind, **row[1]))) for kind, table in tables for row in table}
    assert {(kind, key) for kind, rules in alerts.RULES.items() for key in rules} <= seen


@pytest.mark.parametrize(
    ("kind", "numbers", "message"),
    [
        ("midweek", {"logged": 300}, "5.00 of 10.00 hours. Target by Sunday: 10.00 hours."),
        ("weekly", {"logged": 90, "last_on": SUNDAY}, "1.50 of 10.00 hours this week."),
        ("weekly", {"last_on": ago(8)}, "0.00 of 10.00 hours this week. 8 days without hours."),
        ("weekly", {"logged": 90, "missed_before": 2}, "1.50 of 10.00 hours this week. Third week in a row below the target."),
        ("inactivity", {"last_on": ago(8)}, "8 days without hours."),
    ],
)
def test_the_words(kind, numbers, message):
    assert alerts.judge(kind, progress(kind, **numbers)).message == message


@given(st.sampled_from(["midweek", "weekly"]), minutes, minutes, st.integers(0, 3000), st.integers(0, 40), st.integers(0, 4))
def test_more_hours_never_raise_the_severity(kind, less, more, required, idle, missed):
    less, more = sorted((less, more))
    last = SUNDAY - timedelta(days=idle)
    base = {"required": required, "missed_before": missed}
    order = [None, *alerts.SEVERITIES]
    worse = severity(kind, logged=less, last_on=last, **base)
    better = severity(kind, logged=more, last_on=max(last, MONDAY) if more else last, **base)
    assert order.index(better) <= order.index(worse)


@pytest.mark.parametrize(
    ("status", "resolution", "due", "expected"),
    [
        ("open", None, True, "stay"),
        ("open", None, False, "resolve"),
        ("resolved", "target-reached", True, "reopen"),
        ("resolved", "activity", True, "reopen"),
        ("resolved", "excused", True, "reopen"),
        ("resolved", "target-reached", False, "stay"),
        ("resolved", "superseded", True, "stay"),
        ("resolved", "enrollment-ended", True, "stay"),
        ("resolved", "by-hand", True, "stay"),
    ],
)
def test_what_resolved_by_itself_reopens(status, resolution, due, expected):
    assert alerts.settled(status, resolution, due) == expected
