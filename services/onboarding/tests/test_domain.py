"""The rules of onboarding."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from uuid import uuid4

import pytest
from chassis.errors import Refusal
from contracts.people import Role
from hypothesis import given
from hypothesis import strategies as st
from onboarding.domain import enrollments, papers, partners, people, programs
from onboarding.schemas.programs import ProgramOut

names = st.text(st.characters(categories=["Lu", "Ll", "Lt", "Lo", "Mn"]), min_size=1).filter(str.strip)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(st.lists(names, min_size=1, max_size=4))
def test_a_name_is_the_same_whatever_its_case_and_spaces(parts):
    name = " ".join(parts)
    assert papers.same_name(name, f"  {'   '.join(parts)}\t")
    assert papers.same_name(name, name.casefold())
    assert not papers.same_name(name, name + " Q")


def test_a_name_is_the_same_however_its_accents_are_encoded():
    assert papers.same_name("José Núñez", "JOSE\u0301 NU\u0301N\u0303EZ")
    assert not papers.same_name("José", "Jose")


def signature(**other):
    return {
        "signature_id": uuid4(), "user_id": uuid4(), "role": "worksite", "document_id": uuid4(), "document_version": 1,
        "document_hash": "ab", "intent": "i", "consent": "c", "typed_name": "n", "signed_at": datetime(2026, 11, 2, tzinfo=UTC),
        "ip": None, "user_agent": "u", "authentication_method": "password",
    } | other  # fmt: skip


@given(st.sampled_from(papers.SIGNED_FIELDS))
def test_every_field_of_a_signature_is_under_its_hash(field):
    made = signature()
    assert papers.signature_hash(made) != papers.signature_hash(made | {field: "changed"})


def test_the_hash_of_a_signature_does_not_depend_on_how_its_time_is_written():
    made = signature()
    elsewhere = made["signed_at"].astimezone(timezone(-timedelta(hours=5)))
    assert papers.signature_hash(made) == papers.signature_hash(made | {"signed_at": elsewhere})


@given(intends=st.booleans(), consents=st.booleans(), own=st.booleans(), asks=st.booleans(), same=st.booleans(), named=st.booleans())
def test_a_signature_needs_everything_at_once(intends, consents, own, asks, same, named):
    document = SimpleNamespace(role="worksite", requires_signature=asks, content="text")
    given_ = {
        "role": "worksite" if own else "program_holder", "shown_hash": papers.content_hash("text" if same else "older text"),
        "typed_name": "Marcus Reed" if named else "Somebody", "name": "Marcus Reed", "intends": intends, "consents": consents,
    }  # fmt: skip
    if all((intends, consents, own, asks, same, named)):
        papers.check_signing(document, **given_)
    else:
        with pytest.raises(Refusal):
            papers.check_signing(document, **given_)


@given(st.sampled_from(["pending", "approved", "active", "suspended"]), st.integers(0, 3))
def test_only_the_approved_become_active_and_only_with_everything_signed(status, unsigned):
    assert partners.is_complete(status=status, unsigned=unsigned) == (status == "approved" and unsigned == 0)


@given(started_on=days, ended_on=days, today=days)
def test_the_last_day_is_not_before_the_first_nor_in_the_future(started_on, ended_on, today):
    possible = started_on <= ended_on and (ended_on <= today or ended_on == started_on)
    try:
        enrollments.check_withdrawal(status="active", started_on=started_on, ended_on=ended_on, today=today)
        assert possible
    except enrollments.LastDayNotPossible:
        assert not possible


@given(status=st.sampled_from(["withdrawn", "completed"]), day=days)
def test_what_has_ended_is_not_withdrawn(status, day):
    with pytest.raises(enrollments.NotEnrolledNow):
        enrollments.check_withdrawal(status=status, started_on=day, ended_on=day, today=day)


def test_a_program_belongs_to_the_holder_who_publishes_it_or_whom_an_administrator_names():
    who, other = uuid4(), uuid4()
    assert programs.holder_of(partner_id=None, who=who, roles=[Role.PROGRAM_HOLDER]) == who
    assert programs.holder_of(partner_id=other, who=who, roles=[Role.ADMIN]) == other
    assert programs.holder_of(partner_id=None, who=who, roles=[Role.ADMIN, Role.PROGRAM_HOLDER]) == who
    with pytest.raises(programs.ProgramOfAnother):
        programs.holder_of(partner_id=other, who=who, roles=[Role.PROGRAM_HOLDER])
    with pytest.raises(programs.PartnerIdNeeded):
        programs.holder_of(partner_id=None, who=who, roles=[Role.ADMIN])


def test_only_known_and_active_people_are_students():
    people.check_student("active")
    with pytest.raises(people.StudentNotFound):
        people.check_student(None)
    for status in ("deactivated", "erased"):
        with pytest.raises(people.StudentNotActive):
            people.check_student(status)


@pytest.mark.parametrize(("minutes", "hours"), [(0, "0.00"), (600, "10.00"), (1, "0.02"), (8640, "144.00"), (50, "0.83")])
def test_hours_are_shown_with_two_places(minutes, hours):
    shown = ProgramOut.model_construct(theory_hours=minutes).model_dump(mode="json", include={"theory_hours"})
    assert shown == {"theory_hours": hours}
