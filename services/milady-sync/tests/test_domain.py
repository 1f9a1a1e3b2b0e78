"""The decisions, by property (SPEC 3.2, 3.4)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from milady_sync import domain
from milady_sync.domain import KnownEntry, Slot, TimeEntry

slots = st.builds(Slot, st.dates(date(2026, 1, 1), date(2026, 1, 5)), st.sampled_from(["a", "b"]), st.sampled_from(["video", "reading"]))
hours = st.decimals(0, 24, places=2)
entries = st.lists(st.builds(TimeEntry, slots, st.just("Lesson"), hours), max_size=12)
ENROLLMENT = uuid4()


def store(known, fetched):
    """What is stored after a sync, and what the sync said."""
    found = domain.differences(known, fetched)
    after = dict(known)
    for slot, (entry, revision) in found.logged.items():
        after[slot] = KnownEntry(domain.log_id_of(ENROLLMENT, "c", slot), revision, entry.minutes, False)
    for slot, (each, revision) in found.voided.items():
        after[slot] = KnownEntry(each.log_id, revision, 0, True)
    return after, found


@given(st.lists(entries, min_size=1, max_size=5))
def test_after_any_syncs_the_ledger_is_what_milady_said_last(answers):
    known = {}
    for answer in answers:
        fetched = domain.combine(answer)
        before = known
        known, found = store(known, fetched)
        assert {slot: each.minutes for slot, each in known.items() if not each.voided} == {s: e.minutes for s, e in fetched.items()}
        for slot, each in known.items():
            told = slot in found.logged or slot in found.voided
            assert each.revision == (before[slot].revision if slot in before else 0) + (1 if told else 0)
        assert len(domain.differences(known, fetched)) == 0


@given(st.lists(st.builds(TimeEntry, slots, st.just("Lesson"), hours), max_size=12))
def test_parts_of_one_slot_add_up(parts):
    combined = domain.combine(parts)
    for slot, entry in combined.items():
        assert entry.hours == sum(part.hours for part in parts if part.slot == slot)
        assert entry.minutes > 0


@pytest.mark.parametrize(("decimal", "minutes"), [("1.5", 90), ("0.025", 2), ("0.075", 4), ("0.0083", 0), ("1.51", 91), ("0.20833333", 12)])
def test_minutes_are_rounded_half_to_even(decimal, minutes):
    assert domain.minutes_of(Decimal(decimal)) == minutes


def test_a_log_id_is_the_same_for_whoever_computes_it():
    slot = Slot(date(2026, 11, 13), "L-1", "video")
    first = domain.log_id_of(ENROLLMENT, "course", slot)
    assert first == domain.log_id_of(ENROLLMENT, "course", slot)
    assert first not in {domain.log_id_of(uuid4(), "course", slot), domain.log_id_of(ENROLLMENT, "other", slot)}


DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("newest", "today", "since"),
    [
        (None, DAY, date(2026, 10, 1)),
        (DAY, DAY, date(2026, 11, 6)),
        (date(2026, 11, 10), DAY, date(2026, 10, 27)),
        (date(2027, 3, 1), DAY, date(2026, 11, 6)),
        (date(2026, 10, 5), DAY, date(2026, 10, 1)),
    ],
)
def test_a_sync_reads_fourteen_days_back_whatever_clock_milady_has(newest, today, since):
    assert domain.read_since(date(2026, 10, 1), newest, today) == since


def test_pauses_double_up_to_an_hour():
    now = datetime(2026, 11, 20, tzinfo=UTC)
    pauses = [domain.next_attempt(attempt, now) - now for attempt in (1, 2, 3, 6, 7, 5000)]
    assert pauses == [timedelta(minutes=m) for m in (1, 2, 4, 32, 60, 60)]


@pytest.mark.parametrize(
    ("name", "parts"),
    [("Jordan Ellis", ("Jordan", "Ellis")), ("Ana María de la Cruz", ("Ana María de la", "Cruz")), (" Cher ", ("Cher", "Cher"))],
)
def test_names_have_two_parts(name, parts):
    assert domain.names_of(name) == parts
