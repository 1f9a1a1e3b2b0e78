"""What is told of an erased person holds nobody, whoever tells it, and a tombstone tells the same."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from contracts.event import EVENTS
from contracts.examples import example
from contracts.people import LAST_REVISION, UserChanged
from contracts.topics import DAY_MS, TOPICS


def test_an_erased_person_is_read_without_a_name_whatever_was_written() -> None:
    written = example("user.changed", "student").model_copy(update={"status": "erased"})
    read = UserChanged.read(UserChanged.schema_uri(), written.to_json())
    assert (read.name, read.email, read.phone, read.time_zone) == ("", "", None, "UTC")
    assert read.revision == written.revision


def test_others_keep_theirs() -> None:
    written = example("user.changed", "student")
    assert UserChanged.read(UserChanged.schema_uri(), written.to_json()) == written


def test_a_tombstone_is_an_erased_person_of_whom_nothing_newer_can_be_told() -> None:
    user_id = uuid4()
    read = UserChanged.of_tombstone(str(user_id))
    assert (read.user_id, read.status, read.revision, read.name) == (user_id, "erased", LAST_REVISION, "")
    assert read.revision > UserChanged.erased(user_id, 10**9, datetime.now(UTC)).revision


def test_a_tombstone_of_nobody_is_none() -> None:
    with pytest.raises(ValueError, match="badly formed"):
        UserChanged.of_tombstone("nobody")


def test_on_other_topics_it_says_nothing() -> None:
    told = {event.of_tombstone(str(uuid4())) for event in EVENTS.values() if event is not UserChanged}
    assert told == {None}


def test_what_was_told_before_is_compacted_away_in_time_and_tombstones_stay_for_who_was_away() -> None:
    (people,) = [topic for topic in TOPICS if topic.name == "user.changed"]
    assert int(people.config["max.compaction.lag.ms"]) == 7 * DAY_MS
    assert int(people.config["delete.retention.ms"]) == 30 * DAY_MS
