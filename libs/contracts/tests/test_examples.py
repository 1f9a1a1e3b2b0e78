"""The examples tell one story, and services' tests find them."""

import json
from pathlib import Path

import pytest
from contracts.event import EVENTS
from contracts.examples import ExampleMissingError, example, examples
from contracts.onboarding import EnrollmentCreated, ProgramPublished, StudentAssigned
from contracts.people import UserChanged

STORY = examples()
BODIES = {(one.topic, one.version, one.name): json.loads(one.path.read_text()) for one in STORY}


@pytest.mark.parametrize("shown", STORY, ids=lambda one: f"{one.topic}.v{one.version}-{one.name}")
def test_every_example_reads(shown: object) -> None:
    assert shown.read_as(EVENTS[shown.topic]).topic == shown.topic  # type: ignore[attr-defined]


def test_every_event_has_an_example() -> None:
    assert {one.topic for one in STORY} == set(EVENTS)


def test_they_tell_of_the_same_people_program_and_enrollment() -> None:
    people = {event.user_id for event in (example("user.changed", name) for name in ("admin", "partner", "student"))}  # type: ignore[attr-defined]
    program, enrollment, assignment = example("program.published"), example("enrollment.created"), example("student.assigned")
    assert isinstance(program, ProgramPublished)
    assert isinstance(enrollment, EnrollmentCreated)
    assert isinstance(assignment, StudentAssigned)
    known = {
        "user_id": people, "recipient_id": people, "student_id": {enrollment.student_id}, "partner_id": {program.partner_id},
        "program_id": {program.program_id}, "enrollment_id": {enrollment.enrollment_id}, "assignment_id": {assignment.assignment_id},
        "decided_by": people, "approved_by": people,
    }  # fmt: skip
    assert enrollment.program_id == program.program_id
    assert {enrollment.student_id, program.partner_id} < people
    for body in BODIES.values():
        for name in known.keys() & body.keys():
            assert body[name] in {str(one) for one in known[name]}, (name, body)


def test_the_alert_counts_hours_that_were_logged() -> None:
    logged = {body["log_id"]: body["minutes"] for (topic, version, _), body in BODIES.items() if (topic, version) == ("hours.logged", 2)}
    for topic in ("alert.raised", "alert.resolved"):
        for body in (body for (shown, _, _), body in BODIES.items() if shown == topic):
            counted = body["explanation"]["counted"]
            assert sum(row["minutes"] for row in counted) == body["explanation"]["logged_minutes"]
            assert all(logged[row["log_id"]] == row["minutes"] for row in counted)


def test_the_program_is_the_one_of_the_seed() -> None:
    program = example("program.published")
    assert isinstance(program, ProgramPublished)
    assert program.time_zone == "America/New_York"
    assert [(course.code, course.minutes) for course in program.courses] == [
        ("rise-wellbeing-safety", 210),
        ("rise-finance-fundamentals", 240),
    ]
    assert {skill.code: skill.quota for skill in program.skills} == {"haircut": 200, "fade": 100, "shave": 50, "beard_trim": None}


def test_names_and_addresses_stand_in_user_changed_alone() -> None:
    people = [one.read_as(UserChanged) for one in STORY if one.topic == "user.changed"]
    private = {text for person in people if isinstance(person, UserChanged) for text in (person.name, person.email, person.phone) if text}
    elsewhere = "".join(one.path.read_text() for one in STORY if one.topic != "user.changed")
    assert len(private) >= 6
    assert not [text for text in private if text in elsewhere]


def test_an_example_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ExampleMissingError, match=r"tuesday of hours\.voided\.v1; there are: mistaken"):
        example("hours.voided", "tuesday")
    with pytest.raises(ExampleMissingError, match=r"cut\.made\.v0; there are: none"):
        example("cut.made")


def test_without_the_workspace_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExampleMissingError, match="come with the workspace"):
        examples(tmp_path / "examples")
