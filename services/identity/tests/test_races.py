"""Two who use at once what is good once. The first has not committed when the second comes, so that each guard is met for certain;
`test_resets.py` does the same with the link of a mail."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest_asyncio
from identity.commands import factors, people, sessions
from identity.schemas.people import SignUp
from identity.sealing import Seal

NOW = datetime.now(UTC)
SEAL = Seal(("a sealing key of the tests",), "totp secrets")


@pytest_asyncio.fixture(loop_scope="session")
async def someone(untouched):
    """The id of somebody with an account."""
    body = SignUp(email=f"{uuid4()}@example.com", name="Jordan Ellis", password="tulip granite velvet")
    async with untouched.transaction() as tx:
        return await people.sign_up(tx, body, "a hash", NOW, verified=True)


@pytest_asyncio.fixture(loop_scope="session")
async def raced(untouched, waiting):
    """`await raced(first, second)`: what the two give, each in a transaction of its own, the second begun amid the first."""

    async def own(use):
        async with untouched.transaction() as tx:
            return await use(tx)

    async def race(first, second):
        async with untouched.transaction() as tx:
            won = await first(tx)
            late = asyncio.create_task(own(second))
            await waiting(late)
            assert not late.done(), "the second did not wait for the first"
        return won, await late

    return race


async def test_of_two_who_race_for_one_refresh_token_one_goes_on_and_the_session_ends(untouched, someone, raced):
    async with untouched.transaction() as tx:
        begun = await sessions.begin_session(tx, someone, NOW)

    async def use(tx):
        return await sessions.refresh_session(tx, begun.refresh_token, NOW)

    won, late = await raced(use, use)
    assert (won.session_id, late) == (begun.session_id, None)
    async with untouched.transaction() as tx:
        because = await tx.scalar("select ended_because from session where session_id = :id", {"id": begun.session_id})
        good = await tx.scalar("select count(*) from refresh_token where session_id = :id and used_at is null", {"id": begun.session_id})
    assert (because, good) == ("refresh token reused", 1)
    assert await raced_out(untouched, won.refresh_token) is None


async def raced_out(untouched, token):
    """What the winner's token is good for when the session has ended."""
    async with untouched.transaction() as tx:
        return await sessions.refresh_session(tx, token, NOW)


async def test_of_two_who_race_for_one_recovery_code_one_wins(untouched, someone, raced):
    async with untouched.transaction() as tx:
        code, *_ = await factors.new_recovery_codes(tx, someone, NOW)
        challenges = [await factors.challenge(tx, someone, NOW) for _ in range(2)]

    def uses(challenge):
        return lambda tx: factors.answer(tx, someone, challenge, code, SEAL, NOW)

    won, late = await raced(*map(uses, challenges))
    assert (won.user.user_id, late) == (someone, None)
    async with untouched.transaction() as tx:
        assert await tx.scalar("select count(*) from session where user_id = :id", {"id": someone}) == 1
