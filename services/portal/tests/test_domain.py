"""Combined progress (SPEC 3.6) and how numbers read."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal import domain, rendering
from portal.domain import Course, Progress, Skill

BARBER = [Skill(45, 200), Skill(23, 100), Skill(8, 50), Skill(12, None)]
counts = st.integers(0, 500)
percents = st.decimals(0, 100, allow_nan=False, places=4)


def test_the_check_of_the_specification():
    assert [domain.shown(domain.share(skill)) for skill in BARBER[:3]] == [22, 23, 16]
    theory = domain.theory([Course(Decimal(45), 210), Course(Decimal(45), 240)])
    progress = Progress(theory, domain.practical(BARBER))
    assert (domain.shown(progress.practical), domain.shown(progress.theory), domain.shown(progress.overall)) == (22, 45, 33)


def test_rounding_comes_last():
    """21.714 and 45: rounded first, the mean would be 33.5 and show as 34."""
    progress = Progress(Fraction(45), domain.practical(BARBER))
    assert progress.overall == (Fraction(45) + Fraction(7600, 350)) / 2
    assert domain.shown(progress.overall) == 33


@pytest.mark.parametrize(("percent", "whole"), [("22.5", 22), ("23.5", 24), ("0.5", 0), ("99.49", 99), ("22.51", 23)])
def test_halves_go_to_the_even_number(percent, whole):
    assert domain.shown(Decimal(percent)) == whole


def test_courses_weigh_by_their_hours():
    assert domain.theory([Course(Decimal(100), 210), Course(Decimal(0), 240)]) == Fraction(21000, 450)


def test_more_than_the_quota_counts_no_more_than_the_quota():
    assert domain.practical([Skill(300, 200), Skill(0, 100)]) == Fraction(20000, 300)


@pytest.mark.parametrize("progress", [Progress(None, Fraction(40)), Progress(Fraction(40), None)])
def test_a_program_with_one_half_is_measured_by_that_half(progress):
    assert progress.overall == 40


def test_a_program_with_nothing_to_measure_shows_zero():
    progress = Progress(domain.theory([]), domain.practical([Skill(3, None)]))
    assert (progress.overall, domain.exact(progress.overall), domain.shown(progress.overall)) == (None, None, 0)


@given(st.lists(st.builds(Course, percents, st.integers(1, 1000)), min_size=1))
def test_theory_lies_between_its_courses(courses):
    told = [Fraction(course.percent) for course in courses]
    assert min(told) <= domain.theory(courses) <= max(told)


@given(st.lists(st.builds(Skill, counts, st.integers(1, 300)), min_size=1), st.integers(0, 5))
def test_practical_never_falls_with_one_more_approval(skills, number):
    chosen = number % len(skills)
    more = [Skill(skill.approved + (index == chosen), skill.quota) for index, skill in enumerate(skills)]
    assert 0 <= domain.practical(skills) <= domain.practical(more) <= 100


@given(st.fractions(0, 100))
def test_exact_is_near_to_28_digits(percent):
    assert abs(Fraction(domain.exact(percent)) - percent) <= Fraction(1, 10**25)


@given(st.dates())
def test_weeks_begin_on_mondays(day):
    monday = domain.week_start(day)
    assert monday.isoweekday() == 1
    assert 0 <= (day - monday).days <= 6


def test_sunday_evening_in_new_york_is_still_sunday():
    assert domain.local(datetime(2026, 11, 23, 0, 30, tzinfo=UTC), "America/New_York").date() == date(2026, 11, 22)


def test_numbers_read_as_people_write_them():
    assert [domain.hours(minutes) for minutes in (0, 90, 100)] == ["0.00", "1.50", "1.67"]
    assert [rendering.clock(minutes) for minutes in (0, 45, 60, 90)] == ["0 min", "45 min", "1 h", "1 h 30 min"]
    assert rendering.when(datetime(2026, 11, 19, 21, 5, tzinfo=UTC)) == "Thu, Nov 19, 4:05 PM"
    assert rendering.when(datetime(2026, 11, 19, 5, 0, tzinfo=UTC)) == "Thu, Nov 19, 12:00 AM"


def test_html_inside_of_a_document_is_shown_and_not_obeyed():
    told = rendering.markdown("# Agreement\n\n<script>alert(1)</script> and [this](javascript:alert(1))")
    assert "<h1>Agreement</h1>" in told
    assert "<script>" not in told
    assert "href" not in told
