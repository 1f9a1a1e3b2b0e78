"""A person who is erased leaves an id, and nothing brings the rest back."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from chassis.audit_verify import verify
from chassis.outbox import replay
from contracts.people import ConsentChanged, UserChanged
from dev.erasing import where
from dev.harness import events_of, eventually
from identity.commands import erasure
from identity.domain.erasure import BURIED_AFTER
from links import NEW, kind_of


def path_of(someone):
    return f"/v1/users/{someone.id}/erasure"


class Marked:
    """Somebody who can be told from everybody else by everything that is stored of them."""

    def __init__(self):
        word = secrets.token_hex(6)
        self.name, self.email, self.agent = f"Marked {word}", f"marked-{word}@example.com", f"Agent-{word}/1"
        self.address = f"2001:db8:{word[:4]}:{word[4:8]}::7"
        self.phone = f"+1317{secrets.randbelow(10**7):07}"
        self.headers = {"User-Agent": self.agent, "X-Forwarded-For": self.address}

    @property
    def all(self):
        return (self.name, self.email, self.agent, self.address, self.phone)


@pytest.fixture
def marked(identity, person):
    """`await marked()`: somebody with every kind of record here, and their marks."""

    async def make():
        marks = Marked()
        someone = await person(name=marks.name, email=marks.email)
        client = someone.client()
        client.headers.update(marks.headers)
        about = {"headers": {"If-Match": "*"}}
        assert (await client.patch("/v1/me", json={"phone": marks.phone}, **about)).status_code == 200
        given = {"purpose": "photos", "wording": f"I, {marks.name}, agree."}
        assert (await client.post("/v1/consents", json=given, headers={"Idempotency-Key": str(uuid4())})).status_code == 201
        assert (await client.post("/v1/email-verifications")).status_code == 202
        begun = await client.post("/v1/me/totp")
        assert begun.status_code == 201, begun.text
        again = identity.client()
        again.headers.update(marks.headers)
        await again.post("/v1/sessions", json={"email": marks.email, "password": "wrong wrong wrong"})
        # Nobody knows who asks, so their address is nobody's in particular: it is not taken out.
        await identity.client().post("/v1/password-resets", json={"email": marks.email.upper()})
        assert (await again.post("/v1/sessions", json={"email": marks.email, "password": someone.password})).status_code == 201
        key = {"Idempotency-Key": str(uuid4())}
        twice = await again.post("/v1/users", json={"email": marks.email, "name": marks.name, "password": NEW}, headers=key)
        assert twice.status_code == 409
        return someone, client, marks

    return make


async def buried(identity, database, someone):
    """Lets the time pass after which the second half of an erasure is due, and runs it as the job does."""
    await identity.sql("update user_account set changed_at = changed_at - $2::interval where user_id = $1", someone.id, BURIED_AFTER)
    async with database.transaction() as tx:
        await erasure.bury_due(tx, datetime.now(UTC))


async def test_nothing_is_left_of_somebody_who_erased_themself(identity, marked):
    someone, client, marks = await marked()
    assert await where(identity.sql, *marks.all), "what is not there before cannot be missed"
    answer = await client.post(path_of(someone))
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["user_id"] == str(someone.id)
    assert told["erased"]
    assert all(each["what"] and each["because"] for each in told["kept"])
    await eventually(lambda: _settled(identity))
    assert await where(identity.sql, *marks.all) == []
    (left,) = await identity.sql("select status, name, phone, email from user_account where user_id = $1", someone.id)
    assert tuple(left) == ("erased", "", None, f"{someone.id}@erased.invalid")


async def _settled(identity):
    return not await identity.sql("select 1 from password_reset_request union select 1 from audit_entry where position is null")


async def test_nobody_gets_in_any_more(identity, marked):
    someone, client, marks = await marked()
    assert (await client.post(path_of(someone))).status_code == 202
    entry = {"email": marks.email, "password": someone.password}
    assert kind_of(await identity.client().post("/v1/sessions", json=entry)) == (401, "sign-in-refused")
    assert (await someone.refresh()).status_code == 401
    ended = await identity.sql("select ended_because from session where user_id = $1 and ended_at is not null", someone.id)
    assert {row["ended_because"] for row in ended} == {"account closed"}
    tokens = "select 1 from outbox where key = $1 and topic = 'message.requested' and value like '%\"token\"%'"
    assert await identity.sql(tokens, str(someone.id)) == []


async def test_the_address_is_free_again_at_once(identity, marked, newcomer):
    someone, client, marks = await marked()
    taken = await identity.client().post("/v1/users", json=newcomer(email=marks.email))
    assert kind_of(taken) == (409, "email-taken")
    await client.post(path_of(someone))
    again = await identity.client().post("/v1/users", json=newcomer(email=marks.email, name="Somebody Else"))
    assert again.status_code == 201
    assert again.json()["id"] != str(someone.id)


async def test_an_administrator_erases_others_and_twice_is_once(identity, admin, person):
    someone, other = await person(), await person()
    assert kind_of(await other.client().post(path_of(someone))) == (404, "user-not-found")
    assert kind_of(await admin.client().post(f"/v1/users/{uuid4()}/erasure")) == (404, "user-not-found")
    first, second = [await admin.client().post(path_of(someone)) for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["kept"] == second.json()["kept"]
    assert abs(datetime.fromisoformat(first.json()["erased_at"]) - datetime.fromisoformat(second.json()["erased_at"])) < timedelta(
        seconds=1
    )
    noted = await identity.sql("select actor from audit_entry where action = 'user.erase' and object_id = $1", str(someone.id))
    assert [row["actor"] for row in noted] == [admin.user["id"]]
    shown = (await admin.client().get(f"/v1/users/{someone.id}")).json()
    assert (shown["status"], shown["name"], shown["roles"]) == ("erased", "", [])


async def test_administrators_do_not_erase_themselves(admin):
    assert kind_of(await admin.client().post(path_of(admin))) == (409, "administrators-own-account")


async def test_nothing_can_be_written_into_an_erased_account(identity, admin, person):
    someone = await person()
    client = someone.client()
    await client.post(path_of(someone))
    for who, path in ((client, "/v1/me"), (admin.client(), f"/v1/users/{someone.id}")):
        answer = await who.patch(path, json={"name": "Back Again"}, headers={"If-Match": "*"})
        assert kind_of(answer) == (409, "account-erased")
    assert (await admin.client().post(f"/v1/users/{someone.id}/deactivation")).json()["status"] == "erased"


async def test_whoever_signs_in_at_the_same_moment_does_not_get_in(identity, database, person):
    someone = await person()
    async with database.transaction() as tx:
        await tx.execute("select 1 from user_account where user_id = :id for update", {"id": someone.id})
        entry = {"email": someone.email, "password": someone.password}
        signing_in = asyncio.create_task(identity.client().post("/v1/sessions", json=entry))
        waits = "select true from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        await eventually(lambda: identity.sql(waits))
        await tx.execute("update user_account set status = 'erased' where user_id = :id", {"id": someone.id})
    assert kind_of(await signing_in) == (401, "sign-in-refused")


async def test_what_is_told_of_them_is_that_they_were_erased(identity, marked, kafka, database):
    someone, client, _marks = await marked()
    await client.post(path_of(someone))
    (told,) = await events_of(kafka, UserChanged, where=lambda e: e.user_id == someone.id and e.status == "erased")
    assert (told.name, told.email, told.phone, told.time_zone) == ("", "", None, "UTC")
    (withdrawn,) = await events_of(kafka, ConsentChanged, where=lambda e: e.user_id == someone.id and not e.given)
    assert withdrawn.revision == 2
    async with database.transaction() as tx:
        await replay(tx)
    kept = await identity.sql("select value from outbox where key = $1 and topic = 'user.changed'", str(someone.id))
    assert [UserChanged.read(UserChanged.schema_uri(), row["value"].encode()).status for row in kept] == ["erased"]


async def test_what_came_while_the_last_token_was_good_goes_too_and_then_comes_the_tombstone(identity, marked, kafka, database):
    someone, client, marks = await marked()
    await client.post(path_of(someone))
    late = await client.post("/v1/consents", json={"purpose": "text_messages", "wording": f"I, {marks.name}, agree."})
    assert late.status_code == 201, late.text
    assert "consent" in await where(identity.sql, *marks.all)
    async with database.transaction() as tx:
        await erasure.bury_due(tx, datetime.now(UTC))
    assert "consent" in await where(identity.sql, *marks.all), "a token may still be good"
    await buried(identity, database, someone)
    await eventually(lambda: _settled(identity))
    assert await where(identity.sql, *marks.all) == []
    assert await _values(kafka, someone) == [False, True]
    async with database.transaction() as tx:
        assert await erasure.bury_due(tx, datetime.now(UTC)) == 0


async def _values(kafka, someone):
    """Of the last two records about a person on their topic, whether they are tombstones."""
    consumer = AIOKafkaConsumer("user.changed", bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    found = []
    async with asyncio.timeout(20), consumer:
        async for record in consumer:
            if record.key == str(someone.id).encode():
                found.append(record.value is None)
            if found and found[-1]:
                return found[-2:]


async def test_the_chain_verifies_after_somebody_was_erased(identity, admin, marked, database):
    """Against itself: another identity of these tests has published heads too, of another chain."""
    someone, client, _ = await marked()
    await eventually(lambda: _settled(identity))
    await client.post(path_of(someone))
    await buried(identity, database, someone)
    await eventually(lambda: _settled(identity))
    async with database.transaction() as tx:
        found = await verify(tx)
    assert (found.broken_at, found.reason) == (None, None)
    noted = (await admin.client().get("/v1/audit", params={"object_id": str(someone.id), "action": "user.sign-up"})).json()["items"]
    assert [(entry["ip"], entry["user_agent"], entry["after"]) for entry in noted] == [(None, None, None)]
