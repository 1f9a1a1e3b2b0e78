"""The rules of people and sessions, and how passwords are checked."""

from datetime import UTC, datetime, timedelta

import pytest
from contracts.people import Role
from hypothesis import given
from hypothesis import strategies as st
from identity.domain import people, sessions
from identity.passwords import Passwords

NOW = datetime(2026, 11, 2, 14, tzinfo=UTC)
moments = st.timedeltas(min_value=-timedelta(days=60), max_value=timedelta(days=60)).map(lambda d: NOW + d)


@given(st.sets(st.sampled_from(list(Role))))
def test_a_person_acts_as_the_most_that_their_roles_give(roles):
    expected = "admin" if Role.ADMIN in roles else "partner" if roles else "student"
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
    verify = passwords.hasher.verify
    monkeypatch.setattr(passwords.hasher, "verify", lambda given, stored: verified.append(stored) or verify(given, stored))
    stored = await passwords.hash("a good password")
    assert await passwords.fits("a good password", stored)
    assert not await passwords.fits("a bad password", stored)
    assert not await passwords.fits("a good password", None)
    assert [each.split("$")[:4] for each in verified] == [stored.split("$")[:4]] * 3
