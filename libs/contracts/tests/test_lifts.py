"""Old history reads as if it had been written today (SPEC 2, versioning)."""

import json
from decimal import Decimal

import pytest
from contracts.event import EVENTS, SCHEMA_PREFIX, LiftError
from contracts.examples import FOLDER, example, examples
from contracts.hours import HoursLogged
from hypothesis import given
from hypothesis import strategies as st

V1 = f"{SCHEMA_PREFIX}hours.logged:v1"
OLD = json.loads((FOLDER / "hours.logged.v1" / "lms.json").read_text())
LIFTED = [(event, version) for event in EVENTS.values() for version in event.lifts]


def hours(value: object) -> HoursLogged:
    """What a version 1 message with these hours reads as."""
    return HoursLogged.read(V1, json.dumps({**OLD, "hours": value}).encode())


def test_the_old_example_reads_as_its_new_one() -> None:
    assert example("hours.logged", "lms", version=1) == example("hours.logged", "lms", version=2)


@given(st.integers(0, 24 * 60))
def test_hours_with_two_places_give_back_the_minutes_that_they_came_from(minutes: int) -> None:
    assert hours(str(round(Decimal(minutes) / 60, 2))).minutes == minutes


@pytest.mark.parametrize(("written", "minutes"), [("0.025", 2), ("0.075", 4), ("0.125", 8), (1.5, 90), (8, 480)])
def test_hours_round_half_to_even_whole_minutes(written: object, minutes: int) -> None:
    assert hours(written).minutes == minutes


@pytest.mark.parametrize("wrong", [None, "", "much", "NaN", "Infinity", "1e999999999", True, {}, []])
def test_hours_that_are_no_number_cannot_be_lifted(wrong: object) -> None:
    with pytest.raises(LiftError, match=r"hours\.logged:v1"):
        hours(wrong)


def test_negative_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        hours("-1.00")


@pytest.mark.parametrize(("event", "version"), LIFTED, ids=lambda part: getattr(part, "topic", part))
def test_every_lifted_version_has_an_example_that_lifts(event: type[HoursLogged], version: int) -> None:
    shown = [one for one in examples() if (one.topic, one.version) == (event.topic, version)]
    assert shown
    assert all(isinstance(one.read_as(event), event) for one in shown)
