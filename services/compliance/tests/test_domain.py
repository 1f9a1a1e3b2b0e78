"""The rules of SPEC 3.2 and 3.3 as examples and as properties."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from chassis.principal import Principal
from compliance.domain import alerts, hours, scans, weeks
from hypothesis import given
from hypothesis import strategies as st

MONDAY = date(2026, 11, 16)
WEDNESDAY, SUNDAY = MONDAY + timedelta(days=2), MONDAY + timedelta(days=6)
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
minutes = st.integers(0, 3000)


def progress(kind="weekly", **changes):
    numbers = {
        "week_start": MONDAY, "checked_on": WEDNESDAY if kind == "midweek" else SUNDAY, "started_on": date(2026, 1, 5), "ended_on": None,
        "required_minutes": 600, "inactivity_days_threshold": 7, "logged": 0, "week_minutes": 0, "last_activity_on": None,
        "before": (600, 600),
    } | changes  # fmt: skip
    numbers["week_minutes"] = max(numbers["week_minutes"], numbers["logged"])
    return alerts.Progress(**numbers)


def severity(kind, **changes):
    found = alerts.judge(kind, progress(kind, **changes))
    return found and found.severity


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"logged": 300, "last_activity_on": MONDAY}, "low"),
        ({"logged": 301, "last_activity_on": MONDAY}, None),
        ({"logged": 0}, "medium"),
        ({"logged": 0, "week_minutes": 600}, None),
        ({"logged": 0, "required_minutes": 0}, None),
        ({"logged": 0, "started_on": WEDNESDAY}, "medium"),
        ({"logged": 0, "started_on": WEDNESDAY + timedelta(days=1)}, None),
        ({"logged": 214, "started_on": WEDNESDAY}, "low"),
        ({"logged": 215, "started_on": WEDNESDAY}, None),
    ],
)
def test_midweek(numbers, expected):
    assert severity("midweek", **numbers) == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"logged": 600, "last_activity_on": SUNDAY}, None),
        ({"logged": 599, "last_activity_on": SUNDAY}, "low"),
        ({"last_activity_on": MONDAY - timedelta(days=1)}, "high"),
        ({"started_on": MONDAY, "before": (0, 0)}, "medium"),
        ({"started_on": MONDAY - timedelta(days=1), "before": (0, 0)}, "high"),
        ({"started_on": MONDAY - timedelta(days=8), "before": (0, 0)}, "critical"),
        ({"last_activity_on": MONDAY - timedelta(days=8), "before": (0, 600)}, "critical"),
        ({"logged": 60, "last_activity_on": SUNDAY, "before": (599, 599)}, "critical"),
        ({"logged": 60, "last_activity_on": SUNDAY, "before": (599, 600)}, "low"),
        ({"logged": 60, "last_activity_on": SUNDAY, "before": (600, 0)}, "low"),
        ({"logged": 60, "last_activity_on": SUNDAY, "started_on": MONDAY - timedelta(days=7), "before": (0, 0)}, "low"),
        ({"logged": 60, "last_activity_on": MONDAY, "inactivity_days_threshold": 3}, "critical"),
        ({"required_minutes": 0}, None),
    ],
)
def test_weekly(numbers, expected):
    assert severity("weekly", **numbers) == expected


def test_the_words():
    low = alerts.judge("midweek", progress("midweek", logged=300, last_activity_on=MONDAY))
    assert low.message == "5.00 of 10.00 hours. Target by Sunday: 10.00 hours."
    assert alerts.judge("weekly", progress(logged=90, last_activity_on=SUNDAY)).message == "1.50 of 10.00 hours this week."


@given(st.sampled_from(["midweek", "weekly"]), minutes, minutes, st.integers(0, 3000), st.integers(0, 40), st.tuples(minutes, minutes))
def test_more_hours_never_raise_the_severity(kind, less, more, required, idle, before):
    less, more = sorted((less, more))
    last = SUNDAY - timedelta(days=idle)
    base = {"required_minutes": required, "before": before}
    order = [None, *alerts.SEVERITIES]
    worse = severity(kind, logged=less, last_activity_on=last, **base)
    better = severity(kind, logged=more, last_activity_on=max(last, MONDAY) if more else last, **base)
    assert order.index(better) <= order.index(worse)


@given(st.one_of(st.none(), st.sampled_from(alerts.SEVERITIES)), st.sampled_from(alerts.SEVERITIES))
def test_severity_rises_and_never_falls(now, found):
    step = alerts.step(now, alerts.Finding(found, "", ""))
    if now is None:
        assert step == "raise"
    else:
        assert (step == "rise") == (alerts.SEVERITIES.index(found) > alerts.SEVERITIES.index(now))


@given(minutes, minutes, st.sampled_from(["target-reached", "superseded"]))
def test_hours_resolve_and_a_void_reopens_only_what_hours_resolved(total, target, resolution):
    assert alerts.settled("open", None, total, target) == ("resolve" if total >= target else "stay")
    reopened = total < target and resolution == "target-reached"
    assert alerts.settled("resolved", resolution, total, target) == ("reopen" if reopened else "stay")


@given(days, days, st.none() | days, st.integers(0, 5000))
def test_target_counts_exactly_the_days_of_the_enrollment(day, started_on, ended_on, required):
    start = weeks.week_of(day)
    assert start.isoweekday() == 1
    assert 0 <= (day - start).days <= 6
    counted = sum(started_on <= start + timedelta(days=n) and (ended_on is None or start + timedelta(days=n) <= ended_on) for n in range(7))
    target = weeks.target_minutes(required, start, started_on=started_on, ended_on=ended_on)
    assert target == int((Decimal(required * counted) / 7).quantize(Decimal(1), ROUND_HALF_EVEN))


@given(st.integers(0, 100_000))
def test_hours_text_is_exact_to_two_places(minutes):
    assert Decimal(weeks.hours_text(minutes)) == (Decimal(minutes) / 60).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


@given(st.sampled_from(["midweek", "weekly"]), days)
def test_the_nearest_scan_day_is_of_the_right_weekday_and_near(kind, day):
    nearest = scans.nearest_day(kind, day)
    assert nearest.weekday() == scans.WEEKDAY[kind]
    assert abs((nearest - day).days) <= 3


@given(days, st.sampled_from(["America/New_York", "Asia/Tokyo", "Europe/Berlin", "Pacific/Apia"]))
def test_a_slot_is_due_at_half_past_seven_local_and_not_before(day, zone):
    sunday = scans.nearest_day("weekly", day)
    due = datetime(sunday.year, sunday.month, sunday.day, 19, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    scans.check_slot("weekly", zone, sunday, zones=[zone], now=due)
    with pytest.raises(scans.SlotNotDue):
        scans.check_slot("weekly", zone, sunday, zones=[zone], now=due - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("kind", "own", "source", "refusal"),
    [
        ("student", True, "manual", None),
        ("student", True, "mobile", None),
        ("student", True, "partner", hours.SourceNotAllowed),
        ("student", False, "manual", hours.EnrollmentNotKnown),
        ("partner", False, "partner", None),
        ("partner", False, "manual", hours.SourceNotAllowed),
        ("admin", False, "manual", hours.SourceNotAllowed),
    ],
)
def test_who_submits_which_source(kind, own, source, refusal):
    student = uuid4()
    standing = hours.Standing(student, MONDAY, None, "active", "UTC", 600, 0, 0)
    asked = hours.Submission(uuid4(), MONDAY, 60, "practical", source)
    who, now = Principal(kind, student if own else uuid4()), datetime(2026, 11, 17, tzinfo=UTC)
    if refusal is None:
        hours.accept_hours(standing, asked, who=who, now=now)
    else:
        with pytest.raises(refusal):
            hours.accept_hours(standing, asked, who=who, now=now)


@given(st.integers(0, 1440), st.integers(-10, 2000))
def test_a_day_never_holds_more_than_24_hours(logged, more):
    student = uuid4()
    standing = hours.Standing(student, MONDAY, None, "active", "UTC", 600, logged, 0)
    asked = hours.Submission(uuid4(), MONDAY, more, "practical", "manual")
    try:
        hours.accept_hours(standing, asked, who=Principal("student", student), now=datetime(2026, 11, 17, tzinfo=UTC))
    except (hours.HoursNotPositive, hours.DayIsFull):
        assert more <= 0 or logged + more > 1440
    else:
        assert 0 < more <= 1440 - logged
