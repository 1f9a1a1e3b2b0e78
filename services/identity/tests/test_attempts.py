"""How often a password may be tried."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from chassis.limits import network
from hypothesis import given
from hypothesis import strategies as st
from identity.domain.attempts import ACCOUNT, ADDRESS, Limit, TooManySignIns, after_one

NOW = datetime(2026, 11, 2, 14, tzinfo=UTC)
limits = st.builds(Limit, st.integers(1, 20), st.integers(1, 3600).map(lambda n: timedelta(seconds=n)))
pauses = st.lists(st.integers(0, 4000).map(lambda n: timedelta(seconds=n)), max_size=80)


def played(limit, pauses):
    """The moments at which attempts were let through."""
    spent, now, through = None, NOW, []
    for pause in pauses:
        now += pause
        try:
            spent = after_one(spent, now, limit)
            through.append(now)
        except TooManySignIns:
            continue
    return through


@given(limits, pauses)
def test_in_any_stretch_of_time_no_more_pass_than_the_burst_and_one_for_each_pace(limit, pauses):
    through = played(limit, pauses)
    for first, begun in enumerate(through):
        for last in range(first, len(through)):
            assert last - first + 1 <= limit.burst + (through[last] - begun) / limit.every


@given(limits, pauses)
def test_whoever_waits_as_long_as_told_gets_through_and_nobody_waits_longer_than_the_pace(limit, pauses):
    spent, now = None, NOW
    for pause in pauses:
        now += pause
        try:
            spent = after_one(spent, now, limit)
        except TooManySignIns as refused:
            wait = timedelta(seconds=refused.extra["retry_after"])
            assert timedelta(0) < wait <= limit.every
            after_one(spent, now + wait, limit)


@given(limits)
def test_the_burst_passes_at_once(limit):
    assert len(played(limit, [timedelta(0)] * (limit.burst + 5))) == limit.burst


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("somewhere", "somewhere"),
        ("x" * 500, "x" * 100),
        (None, "unknown"),
        ("", "unknown"),
    ],
)
def test_one_subscriber_is_one_address(ip, counted):
    assert network(ip) == counted


@pytest.fixture
def tries(identity):
    """`await tries(email, address, password)`: an attempt from an address."""

    async def sign_in(email, address, password="not the password"):
        body = {"email": email, "password": password}
        return await identity.client().post("/v1/sessions", json=body, headers={"X-Forwarded-For": address})

    return sign_in


@pytest.fixture
def elsewhere():
    """`elsewhere()`: an address that nobody used before."""
    return lambda: f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"


async def times(count, attempt):
    return [answer.status_code for answer in await asyncio.gather(*(attempt() for _ in range(count)))]


async def test_many_at_once_are_no_more_than_many_in_a_row(person, tries, elsewhere):
    someone = await person()
    assert sorted(await times(30, lambda: tries(someone.email, elsewhere()))) == [401] * ACCOUNT.burst + [429] * (30 - ACCOUNT.burst)


async def test_the_right_password_is_not_looked_at_while_one_must_wait(person, tries, elsewhere):
    someone = await person()
    assert {(await tries(someone.email, elsewhere())).status_code for _ in range(ACCOUNT.burst)} == {401}
    answer = await tries(someone.email, elsewhere(), someone.password)
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-sign-ins")
    assert 0 < int(answer.headers["retry-after"]) <= ACCOUNT.every.total_seconds()


async def test_known_and_unknown_accounts_are_answered_alike(person, tries, elsewhere):
    someone, nobody = await person(), f"{secrets.token_hex(8)}@example.com"
    told = []
    for email in (someone.email, nobody):
        answers = [await tries(email, elsewhere()) for _ in range(ACCOUNT.burst + 2)]
        told.append([{name: answer.json()[name] for name in ("type", "title", "status", "detail")} for answer in answers])
        headers = [sorted(name for name in answer.headers if name != "x-request-id") for answer in answers]
        told[-1].append(headers)
    assert told[0] == told[1]


async def test_who_hammers_from_elsewhere_does_not_keep_the_owner_out_where_they_were_before(identity, person, tries, elsewhere):
    someone, home = await person(), elsewhere()
    assert (await tries(someone.email, home, someone.password)).status_code == 201
    assert 429 in await times(ACCOUNT.burst + 5, lambda: tries(someone.email, elsewhere()))
    assert (await tries(someone.email, home, someone.password)).status_code == 201
    neighbour = home.removesuffix("::1") + "::99"
    assert (await tries(someone.email, neighbour, someone.password)).status_code == 201
    assert (await tries(someone.email, elsewhere(), someone.password)).status_code == 429
    await identity.sql("update sign_in_place set seen_at = seen_at - interval '90 days' where user_id = $1", someone.id)
    assert (await tries(someone.email, home, someone.password)).status_code == 429


async def test_the_owners_own_address_is_limited_too(person, tries, elsewhere):
    someone, home = await person(), elsewhere()
    await tries(someone.email, home, someone.password)
    assert (await times(ACCOUNT.burst + 3, lambda: tries(someone.email, home))).count(401) == ACCOUNT.burst


async def test_waiting_is_over_after_a_while(identity, person, tries, elsewhere):
    someone = await person()
    await times(ACCOUNT.burst + 5, lambda: tries(someone.email, elsewhere()))
    await identity.sql("update attempt set spent_until = spent_until - interval '5 minutes'")
    assert (await tries(someone.email, elsewhere(), someone.password)).status_code == 201


async def test_who_signs_in_often_is_not_limited(person, tries, elsewhere):
    someone, here = await person(), elsewhere()
    for _ in range(ACCOUNT.burst + 5):
        assert (await tries(someone.email, here, someone.password)).status_code == 201


async def test_one_address_tries_only_so_many_accounts(tries, elsewhere):
    here = elsewhere()
    told = await times(ADDRESS.burst + 5, lambda: tries(f"{secrets.token_hex(8)}@example.com", here))
    assert told.count(429) >= 4


async def test_the_present_password_cannot_be_guessed_with_a_stolen_access_token(person):
    someone = await person()
    body = {"present": "not the password", "password": "tulip granite velvet"}
    told = [(await someone.client().put("/v1/me/password", json=body)).status_code for _ in range(ACCOUNT.burst + 1)]
    assert told == [403] * ACCOUNT.burst + [429]


async def test_counts_hold_no_address_of_a_person(identity, person, tries, elsewhere):
    someone = await person()
    await tries(someone.email, elsewhere())
    held = " ".join(row[0] for row in await identity.sql("select cast(a as text) from attempt a"))
    assert someone.email not in held
