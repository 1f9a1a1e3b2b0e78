"""The rules of SPEC 3.2 and 3.3 as examples and as properties."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from chassis.principal import Principal
from compliance.domain import hours, scans, weeks
from hypothesis import given
from hypothesis import strategies as st

MONDAY = date(2026, 11, 16)
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@st.composite
def lives(draw):
    """A week's day, and an enrollment around it with leaves that do not overlap."""
    day = draw(days)
    near = st.dates(day - timedelta(days=20), day + timedelta(days=20))
    marks = sorted(draw(st.sets(near, max_size=8)))
    leave = list(zip(marks[::2], marks[1::2], strict=False))
    if len(marks) % 2:
        leave.append((marks[-1], None))
    return day, draw(near), draw(st.none() | near), leave


def counts(day, started_on, ended_on, leave):
    within = started_on <= day and (ended_on is None or day <= ended_on)
    return within and not any(first <= day and (last is None or day <= last) for first, last in leave)


@given(lives(), st.integers(0, 5000))
def test_target_counts_exactly_the_days_of_the_enrollment_without_leave(life, required):
    day, started_on, ended_on, leave = life
    start = weeks.week_of(day)
    assert start.isoweekday() == 1
    assert 0 <= (day - start).days <= 6
    counted = sum(counts(start + timedelta(days=n), started_on, ended_on, leave) for n in range(7))
    target = weeks.target_minutes(required, start, started_on=started_on, ended_on=ended_on, leave=leave)
    assert target == int((Decimal(required * counted) / 7).quantize(Decimal(1), ROUND_HALF_EVEN))


@given(lives(), st.none() | st.integers(-5, 15))
def test_idle_days_are_counted_one_by_one_but_for_leave(life, ago):
    day, started_on, _, leave = life
    last = None if ago is None else day - timedelta(days=ago)
    since = last or started_on
    idle = sum(counts(since + timedelta(days=n), since, None, leave) for n in range(1, (day - since).days + 1))
    assert weeks.idle_days(last, started_on, day, leave) == idle
    assert weeks.on_leave(day, leave) == (not counts(day, day, None, leave))


@given(st.integers(0, 100_000))
def test_hours_text_is_exact_to_two_places(minutes):
    assert Decimal(weeks.hours_text(minutes)) == (Decimal(minutes) / 60).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


@given(st.sampled_from(sorted(scans.TIMETABLE)), days)
def test_the_nearest_scan_day_is_of_the_right_weekday_and_near(kind, day):
    nearest = scans.nearest_day(kind, day)
    assert scans.TIMETABLE[kind].weekday in (None, nearest.weekday())
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
    standing = hours.Standing(student, MONDAY, None, "active", "UTC", 0)
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
    standing = hours.Standing(student, MONDAY, None, "active", "UTC", logged)
    asked = hours.Submission(uuid4(), MONDAY, more, "practical", "manual")
    try:
        hours.accept_hours(standing, asked, who=Principal("student", student), now=datetime(2026, 11, 17, tzinfo=UTC))
    except (hours.HoursNotPositive, hours.DayIsFull):
        assert more <= 0 or logged + more > 1440
    else:
        assert 0 < more <= 1440 - logged
