"""Signing keys: sealed at rest, published before they sign, dropped after their last token (SPEC 3.10)."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from chassis.auth import REFRESH_EVERY
from chassis.sealing import Seal, SealBroken
from identity.commands import keys
from identity.domain.keys import LEEWAY, OVERLAP
from identity.domain.sessions import ACCESS_FOR
from joserfc.jwk import ECKey

NOW = datetime(2026, 11, 2, 14, tzinfo=UTC)
JWKS_MAY_BE_KEPT = timedelta(seconds=60)


@pytest.fixture(scope="session")
def seal():
    return Seal(("the sealing key of now",), "signing keys")


@pytest_asyncio.fixture
async def database(migrated):
    """A migrated database without any key."""
    async with migrated() as made:
        yield made


@pytest.fixture
def kids(database, seal):
    """`await kids(now)`: the id of the key that signs, and the ids of all that are published."""

    async def look(now):
        async with database.transaction() as tx:
            signing = await keys.signing_key(tx, seal, now)
            return signing.kid, {key["kid"] for key in (await keys.published_keys(tx, seal, now))["keys"]}

    return look


async def rotate(database, seal, now):
    async with database.transaction() as tx:
        return (await keys.rotate(tx, seal, now))[0]


async def test_a_new_key_is_published_at_once_and_signs_when_every_service_must_have_it(database, kids, seal):
    old, _ = await kids(NOW)
    new = await rotate(database, seal, NOW)
    assert await kids(NOW) == (old, {old, new})
    known_everywhere = NOW + timedelta(seconds=REFRESH_EVERY) + JWKS_MAY_BE_KEPT
    assert (await kids(known_everywhere))[0] == old
    assert (await kids(NOW + OVERLAP))[0] == new


async def test_an_old_key_stays_published_for_as_long_as_a_token_of_its_can_live(database, kids, seal):
    old, _ = await kids(NOW)
    new = await rotate(database, seal, NOW)
    last_token_ends = NOW + OVERLAP + ACCESS_FOR
    for now, published in ((last_token_ends + LEEWAY - timedelta(seconds=1), {old, new}), (last_token_ends + LEEWAY, {new})):
        async with database.transaction() as tx:
            await keys.drop_over(tx, now)
        assert (await kids(now))[1] == published


async def test_a_second_rotation_in_the_overlap_makes_no_further_key_and_a_later_one_drops_what_is_over(database, kids, seal):
    first, _ = await kids(NOW)
    second = await rotate(database, seal, NOW)
    assert await rotate(database, seal, NOW + timedelta(minutes=1)) == second
    later = NOW + timedelta(days=30)
    third = await rotate(database, seal, later)
    assert await kids(later) == (second, {second, third})
    assert first not in {second, third}


async def test_private_keys_open_with_the_sealing_key_alone(database, kids, seal):
    await kids(NOW)
    async with database.transaction() as tx:
        (row,) = await tx.all("select private_jwk, public_jwk from signing_key")
    assert json.loads(seal.open(row.private_jwk))["d"]
    assert "d" not in json.loads(row.public_jwk)
    for other in (Seal(("another sealing key",), "signing keys"), Seal(("the sealing key of now",), "another purpose")):
        with pytest.raises(SealBroken):
            other.open(row.private_jwk)
        async with database.transaction() as tx:
            with pytest.raises(SealBroken):
                await keys.signing_key(tx, other, NOW)
            assert await keys.published_keys(tx, other, NOW)


async def test_a_key_of_an_older_build_goes_on_signing_and_is_sealed_by_the_next_rotation(database, kids, seal):
    key = ECKey.generate_key("P-256")
    async with database.transaction() as tx:
        await tx.execute(
            "insert into signing_key (kid, private_jwk, signs_from) values (:kid, :jwk, :now)",
            {"kid": key.thumbprint(), "jwk": json.dumps(key.as_dict(private=True)), "now": NOW},
        )
    assert await kids(NOW) == (key.thumbprint(), {key.thumbprint()})
    new = await rotate(database, seal, NOW)
    assert await kids(NOW) == (key.thumbprint(), {key.thumbprint(), new})
    async with database.transaction() as tx:
        for row in await tx.all("select private_jwk from signing_key"):
            assert json.loads(seal.open(row.private_jwk))["d"]


async def test_the_sealing_key_is_changed_by_a_rotation_while_both_are_known(database, kids, seal):
    await kids(NOW)
    both = Seal(("the next sealing key", "the sealing key of now"), "signing keys")
    await rotate(database, both, NOW)
    async with database.transaction() as tx:
        assert await keys.signing_key(tx, Seal(("the next sealing key",), "signing keys"), NOW)
        with pytest.raises(SealBroken):
            await keys.signing_key(tx, seal, NOW)


async def test_the_command_rotates_under_a_running_service(identity, person):
    someone = await person()
    before = (await identity.client().get("/.well-known/jwks.json")).json()["keys"]
    told = identity.run("rotate-keys")
    assert told.returncode == 0, told.stderr
    after = (await identity.client().get("/.well-known/jwks.json")).json()["keys"]
    assert {key["kid"] for key in after} - {key["kid"] for key in before} == {told.stdout.split()[0]}
    assert (await someone.client().get("/v1/me")).status_code == 200
    stored = " ".join(row["private_jwk"] for row in await identity.sql("select private_jwk from signing_key"))
    assert "{" not in stored
    noted = await identity.sql("select true from audit_entry where action = 'signing-key.make' and object_id = $1", told.stdout.split()[0])
    assert noted


async def test_at_once_every_older_token_is_refused_and_sessions_go_on(identity, person):
    someone = await person()
    told = identity.run("rotate-keys", "--at-once")
    (key,) = (await identity.client().get("/.well-known/jwks.json")).json()["keys"]
    assert key["kid"] == told.stdout.split()[0]
    renewed = (await someone.refresh()).json()
    assert (await someone.client(renewed["access_token"]).get("/v1/me")).status_code == 200
    assert (await someone.client().get("/v1/me")).json()["type"] == "/problems/token-refused"


async def test_keys_that_do_not_open_any_more_are_told_and_can_be_made_anew(identity, person, monkeypatch):
    someone = await person()
    with monkeypatch.context() as other:
        other.setitem(identity.env, "CHAIRSIDE_SEALING_KEY", "not the one of before")
        told = identity.run("rotate-keys")
        assert told.returncode == 1
        assert "CHAIRSIDE_SEALING_KEY" in told.stderr
        assert "Traceback" not in told.stderr
    assert isinstance(await someone.sign_in(), dict)
    assert httpx.codes.is_success((await someone.client().get("/v1/me")).status_code)
