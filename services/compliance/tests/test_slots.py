"""Slots and weeks in every time zone, through every change of the clock from 2020 to 2040, against a calculation of their own.

A sample by default; `CHAIRSIDE_ALL_ZONES=1` takes every zone and year, in some minutes.
"""

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from chassis.schedule import due
from compliance.domain import scans, weeks
from hypothesis import example, given, settings
from hypothesis import strategies as st

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
YEARS = range(2020, 2041)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def instant_of(wall, zone):
    """The first instant at which clocks there show this time; where they jump over it, the first one after the jump."""
    guess = wall.replace(tzinfo=UTC)
    # No country changes its clock twice within hours: those of every nine tell all there are around.
    offsets = {(guess + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-27, 28, 9)}
    instants = sorted(guess - offset for offset in offsets)
    shown = [at for at in instants if at.astimezone(zone).replace(tzinfo=None) == wall]
    if shown:
        return shown[0]
    at = instants[0] - timedelta(hours=1)
    while at.astimezone(zone).replace(tzinfo=None) < wall:
        at += MINUTE
    return at


def expected(kind, name, year):
    """Local dates and instants of a kind's slots in a year."""
    zone, when = ZoneInfo(name), scans.TIMETABLE[kind]
    for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
        day = date(year, 1, 1) + number * DAY
        if when.weekday in (None, day.weekday()):
            at = instant_of(datetime.combine(day, when.at), zone)
            # A whole day that a country jumps over has no slots.
            if at.astimezone(zone).date() == day:
                yield day, at


def found(kind, name, year):
    """The slots that a scheduler comes by which looks every 23 hours, each once however often it is seen."""
    slots = {}
    now, end = datetime(year, 1, 1, tzinfo=UTC) - 2 * DAY, datetime(year + 1, 1, 1, tzinfo=UTC) + 2 * DAY
    while now < end:
        for slot in due(f"scan-{kind}", scans.cron(kind), name, now - DAY, now):
            slots.setdefault(slot.at, slot.local_date)
        now += timedelta(hours=23)
    return [(day, at) for at, day in sorted(slots.items()) if day.year == year]


@settings(max_examples=25)
@given(st.sampled_from(sorted(scans.TIMETABLE)), st.sampled_from(ZONES), st.sampled_from(YEARS))
@example("inactivity", "America/New_York", 2026)
@example("close", "Europe/Helsinki", 2030)
@example("close", "Asia/Beirut", 2024)
@example("inactivity", "Pacific/Apia", 2020)
@example("inactivity", "Australia/Lord_Howe", 2033)
def test_every_slot_comes_once(kind, name, year):
    assert found(kind, name, year) == list(expected(kind, name, year))


def changes(name, year):
    """What a zone's clocks do around a year: each change, to the minute, and the offset after it."""
    zone, at, end = ZoneInfo(name), datetime(year, 1, 1, tzinfo=UTC) - 5 * DAY, datetime(year + 1, 1, 1, tzinfo=UTC) + 5 * DAY
    found = [(at, at.astimezone(zone).utcoffset())]
    while at < end:
        for step in (DAY, timedelta(hours=1), MINUTE):
            while at < end and (at + step).astimezone(zone).utcoffset() == found[-1][1]:
                at += step
        at += MINUTE
        found.append((at, at.astimezone(zone).utcoffset()))
    return tuple(found)


def clocks():
    """One zone a year of those whose clocks do the same: slots depend on nothing else."""
    kinds = {(year, changes(name, year)): name for year in YEARS for name in reversed(ZONES)}
    return sorted((name, year) for (year, _), name in kinds.items())


if "CHAIRSIDE_ALL_ZONES" in os.environ:

    @pytest.mark.parametrize(("name", "year"), clocks())
    def test_every_slot_of_every_zone_and_year_comes_once(name, year):
        for kind in scans.TIMETABLE:
            assert found(kind, name, year) == list(expected(kind, name, year)), kind


@given(st.sampled_from(ZONES), st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31)))
def test_a_week_holds_seven_dates_from_monday_whatever_the_clock_does(name, moment):
    """A week is of dates, not of hours: 167 or 169 of them are one too."""
    day = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(name)).date()
    start = weeks.week_of(day)
    assert start.isocalendar()[:2] == day.isocalendar()[:2]
    assert start.isocalendar().weekday == 1
    for kind in ("midweek", "weekly"):
        at = scans.nearest_day(kind, start + 3 * DAY)
        assert weeks.week_of(at) == start == scans.week_checked(kind, at)
    assert scans.week_checked("close", start + 7 * DAY) == start
