"""The rules of people and sessions, and how passwords are checked."""

import secrets
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from chassis.principal import Principal
from contracts.people import Role, StaffRole
from hypothesis import given, settings
from hypothesis import strategies as st
from identity.domain import erasure, exports, people, sessions
from identity.domain.passwords import PasswordNamesYou, PasswordTooCommon, check_new
from identity.passwords import Passwords

NOW = datetime(2026, 11, 2, 14, tzinfo=UTC)
moments = st.timedeltas(min_value=-timedelta(days=60), max_value=timedelta(days=60)).map(lambda d: NOW + d)


@given(st.sets(st.sampled_from([*Role, StaffRole.PAYROLL_ADMIN])))
def test_a_person_acts_as_the_most_that_their_roles_give(roles):
    staff = next((kind for kind in ("admin", "payroll_admin") if kind in roles), None)
    expected = staff or ("partner" if roles else "student")
    assert people.kind_of(roles) == expected
    assert people.kind_of([str(role) for role in roles]) == expected


@given(used_at=st.none() | moments, expires_at=moments, ended_at=st.none() | moments)
def test_a_refresh_token_is_good_only_unused_in_time_and_in_a_session_that_goes_on(used_at, expires_at, ended_at):
    found = sessions.judge(used_at=used_at, expires_at=expires_at, ended_at=ended_at, now=NOW)
    assert (found is sessions.RefreshToken.GOOD) == (used_at is None and ended_at is None and expires_at > NOW)
    assert (found is sessions.RefreshToken.REUSED) == (used_at is not None and ended_at is None)


def test_onboarding_grants_no_administrators():
    for role in Role:
        if role is Role.ADMIN:
            with pytest.raises(people.RoleNotGrantable):
                people.check_grantable(role)
        else:
            people.check_grantable(role)


async def test_an_unknown_account_costs_a_whole_verification_too(monkeypatch):
    passwords, verified = Passwords(), []
    [argon2] = passwords.hasher.hashers
    verify = argon2.verify
    monkeypatch.setattr(argon2, "verify", lambda given, stored: verified.append(stored) or verify(given, stored))
    stored = await passwords.hash("a good password")
    assert await passwords.fits("a good password", stored)
    assert not await passwords.fits("a bad password", stored)
    assert not await passwords.fits("a good password", None)
    assert [each.split("$")[:4] for each in verified] == [stored.split("$")[:4]] * 3


@pytest.mark.parametrize(
    "password",
    ["password1234", "passwordpassword", "qwertyuiop12", "123456789012", "P@ssw0rd1234", "aaaaaaaaaaaaaaaa", "Football2024!", "x" * 200],
)
def test_what_is_guessed_first_is_no_password(password):
    with pytest.raises(PasswordTooCommon):
        check_new(password, "je@example.com", "Jordan Ellis")


@pytest.mark.parametrize("password", ["My-Jordan.Ellis-77x", "je.barber@EXAMPLE.com!", "9 je_BARBER 9 tulip", "jorDANellis cold lamp"])
def test_ones_own_name_or_address_is_no_password(password):
    with pytest.raises(PasswordNamesYou):
        check_new(password, "je.barber@example.com", "Jordan  Ellis")


@given(st.text(st.characters(codec="utf-8"), min_size=12, max_size=200))
@settings(deadline=None, max_examples=30)
def test_any_text_can_be_judged(password):
    with suppress(PasswordTooCommon, PasswordNamesYou):
        check_new(password, "je@example.com", "Jordan Ellis")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "tulip-Granite-velvet-9", "jemand mag Kuchen sehr", secrets.token_urlsafe(12)]
)
def test_a_password_that_is_hard_to_guess_is_taken(password):
    check_new(password, "je@example.com", "Jordan Ellis")


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        (["done", "done"], "done"), (["done", "waiting"], "running"), (["failed", "waiting"], "running"), (["failed", "done"], "failed"),
    ],
)  # fmt: skip
def test_an_export_is_what_its_services_are(parts, state):
    assert exports.state_of(parts) == state


def test_a_service_is_asked_again_with_growing_pauses_and_not_for_ever():
    pauses = [exports.next_attempt(attempts, NOW) for attempts in range(1, exports.ATTEMPTS + 1)]
    assert [(pause - NOW).total_seconds() for pause in pauses[:-1]] == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert pauses[-1] is None


@pytest.mark.parametrize(
    ("kind", "own", "refusal"),
    [
        ("student", True, None), ("partner", True, None), ("student", False, people.UserNotFound),
        ("admin", False, None), ("admin", True, erasure.AdministratorsOwnAccount),
    ],
)  # fmt: skip
def test_who_may_erase_whom(kind, own, refusal):
    someone = uuid4()
    with pytest.raises(refusal) if refusal else nullcontext():
        erasure.check_eraser(someone, Principal(kind, someone if own else uuid4()))
