"""Passwords that were forgotten."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from contracts.messages import MessageRequested
from identity.commands import mailed, people, resets
from identity.domain.attempts import RESETS
from identity.domain.mailed import LinkNotUsable, Purpose
from identity.jobs import JOBS
from identity.schemas.people import SignUp
from links import NEW, RESET, VERIFICATION, completes, kept, kind_of


async def test_the_answer_to_who_forgot_a_password_tells_nothing(identity, person, asks):
    someone, closed, nobody = await person(), await person(), f"{secrets.token_hex(8)}@example.com"
    await identity.sql("update user_account set status = 'deactivated' where user_id = $1", closed.id)
    answers = [await asks(email) for email in (f" {someone.email.upper()} ", closed.email, nobody, "no address at all")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, "null")}
    asked = await identity.sql("select key from outbox where topic = 'message.requested' and value like '%password-reset%'")
    assert someone.user["id"] in {row["key"] for row in asked}
    assert closed.user["id"] not in {row["key"] for row in asked}
    assert nobody not in await kept(identity)


async def test_the_answer_does_not_wait_for_accounts_to_be_looked_at(identity, person):
    """What is not read before the answer cannot show in how long it takes."""
    someone = await person()
    connection = await asyncpg.connect(identity.database.admin_url)
    try:
        async with connection.transaction():
            await connection.execute("lock table user_account, mailed_token in access exclusive mode")
            for email in (someone.email, "nobody@example.com"):
                answer = await identity.client().post("/v1/password-resets", json={"email": email})
                assert answer.status_code == 202
    finally:
        await connection.close()


async def test_a_reset_sets_the_password_once_ends_all_sessions_and_leaves_no_token(identity, person, asks, mails):
    someone, other = await person(), await person()
    await asks(someone.email)
    [mail] = await mails(someone, RESET)
    token = mail.data["token"]
    assert timedelta(minutes=29) < datetime.fromisoformat(mail.data["expires_at"]) - datetime.now(UTC) <= timedelta(minutes=30)
    assert (await completes(identity, token)).status_code == 204
    someone.password, before = NEW, someone.session
    assert (await someone.refresh(before["refresh_token"])).status_code == 401
    assert (await someone.sign_in())["user"]["id"] == someone.user["id"]
    assert (await someone.client().get("/v1/me")).json()["email_verified"] is True
    assert kind_of(await completes(identity, token, "another one of them")) == (409, "link-not-usable")
    assert (await other.refresh()).status_code == 200
    assert token not in await kept(identity)
    noted = await identity.sql("select action, actor from audit_entry where subject_id = $1 and action like 'password%'", someone.id)
    assert {row["action"] for row in noted} == {"password-reset.send", "password.reset"}
    ended = await identity.sql("select ended_because from session where user_id = $1 and ended_at is not null", someone.id)
    assert {row["ended_because"] for row in ended} == {"password reset"}


async def test_only_a_hash_of_a_token_is_kept_beside_the_event(identity, person, asks, mails):
    someone = await person()
    await asks(someone.email)
    [mail] = await mails(someone, RESET)
    holding = [line for line in (await kept(identity)).splitlines() if mail.data["token"] in line]
    assert len(set(holding)) == 1
    assert "message.requested" in holding[0]


async def test_of_many_who_use_a_token_at_once_one_sets_the_password(identity, person, asks, mails):
    someone = await person()
    await asks(someone.email)
    [mail] = await mails(someone, RESET)
    wanted = [f"tulip granite velvet {n}" for n in range(6)]
    answers = await asyncio.gather(*(completes(identity, mail.data["token"], password) for password in wanted))
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 5
    someone.password = next(each for each, answer in zip(wanted, answers, strict=True) if answer.status_code == 204)
    await someone.sign_in()


async def test_a_second_use_waits_for_the_first_to_commit_and_is_refused(untouched, waiting):
    now = datetime.now(UTC)
    async with untouched.transaction() as tx:
        body = SignUp(email=f"{uuid4()}@example.com", name="Jordan Ellis", password=NEW)
        user_id = await people.sign_up(tx, body, "a hash", now, verified=True)
        await mailed.send(tx, user_id, Purpose.RESET, now)
        token = MessageRequested.model_validate_json(tx.events[-1]["value"]).data["token"]

    async def use():
        async with untouched.transaction() as tx:
            await resets.complete(tx, token, "the second's hash", now)

    async with untouched.transaction() as tx:
        await resets.complete(tx, token, "the first's hash", now)
        second = asyncio.create_task(use())
        await waiting(second)
    with pytest.raises(LinkNotUsable):
        await second
    async with untouched.transaction() as tx:
        assert await tx.scalar("select password_hash from credential where user_id = :id", {"id": user_id}) == "the first's hash"


async def test_an_easy_password_does_not_use_the_token_up(identity, person, asks, mails):
    someone = await person()
    await asks(someone.email)
    [mail] = await mails(someone, RESET)
    assert kind_of(await completes(identity, mail.data["token"], "password1234")) == (422, "password-too-common")
    assert kind_of(await completes(identity, mail.data["token"], "Jordan Ellis rules!")) == (422, "password-names-you")
    assert (await completes(identity, mail.data["token"])).status_code == 204


async def test_a_link_that_has_run_out_is_refused_and_forgotten_wherever_it_was(identity, database, person, asks, mails):
    someone = await person()
    await asks(someone.email)
    [mail] = await mails(someone, RESET)
    await identity.sql("update mailed_token set expires_at = now() where user_id = $1 and purpose = 'password-reset'", someone.id)
    assert kind_of(await completes(identity, mail.data["token"])) == (409, "link-not-usable")
    async with database.transaction() as tx:
        await next(job for job in JOBS if job.name == "forget-mailed-tokens").run(tx, None)
    assert mail.data["token"] not in await kept(identity)
    left = await identity.sql("select purpose from mailed_token where user_id = $1", someone.id)
    assert [row["purpose"] for row in left] == [VERIFICATION]


@pytest.mark.parametrize("meanwhile", ["changed", "reset", "closed"])
async def test_a_link_is_worth_nothing_after_the_password_or_the_account_is_gone(identity, person, asks, mails, meanwhile):
    someone = await person()
    await asks(someone.email)
    await asks(someone.email)
    first, second = await mails(someone, RESET, 2)
    if meanwhile == "changed":
        changed = await someone.client().put("/v1/me/password", json={"present": someone.password, "password": "lantern copper mosaic"})
        assert changed.status_code == 204
    elif meanwhile == "reset":
        assert (await completes(identity, second.data["token"])).status_code == 204
    else:
        await identity.sql("update user_account set status = 'deactivated' where user_id = $1", someone.id)
    assert kind_of(await completes(identity, first.data["token"])) == (409, "link-not-usable")


async def test_nobody_is_sent_more_than_three_resets_an_hour(identity, person, asks):
    someone = await person()
    for _ in range(5):
        await asks(someone.email)
    sent = "select 1 from mailed_token where user_id = $1 and purpose = 'password-reset'"
    assert len(await identity.sql(sent, someone.id)) == 3
    await identity.sql("update mailed_token set issued_at = issued_at - interval '1 hour' where user_id = $1", someone.id)
    await asks(someone.email)
    assert len(await identity.sql(sent, someone.id)) == 4


async def test_one_address_asks_for_only_so_many_resets_whoever_they_are_for(identity):
    here, client = {"X-Forwarded-For": "2001:db8:99::1"}, identity.client()
    asked = [
        await client.post("/v1/password-resets", json={"email": f"{secrets.token_hex(8)}@example.com"}, headers=here)
        for _ in range(RESETS.burst + 1)
    ]
    assert [answer.status_code for answer in asked] == [202] * RESETS.burst + [429]
    assert asked[-1].json()["type"] == "/problems/too-many-resets"
    assert 0 < int(asked[-1].headers["retry-after"]) <= RESETS.every.total_seconds()


async def test_a_reset_lets_its_owner_in_where_they_are_while_somebody_hammers(identity, person, asks, mails):
    someone, here = await person(), {"X-Forwarded-For": "2001:db8:77::1"}
    await asks(someone.email)
    [mail] = await mails(someone, RESET)
    wrong = {"email": someone.email, "password": "not the password"}
    for n in range(11):
        last = await identity.client().post("/v1/sessions", json=wrong, headers={"X-Forwarded-For": f"2001:db8:78:{n}::1"})
    assert last.status_code == 429
    completion = {"token": mail.data["token"], "password": NEW}
    assert (await identity.client().post("/v1/password-resets/completion", json=completion, headers=here)).status_code == 204
    entry = {"email": someone.email, "password": NEW}
    assert (await identity.client().post("/v1/sessions", json=entry, headers=here)).status_code == 201


async def test_a_reset_that_was_asked_for_before_a_crash_is_sent_by_the_job(identity, database, person, mails):
    someone = await person()
    await identity.sql("insert into password_reset_request (email, asked_at) values ($1, now())", someone.email)
    async with database.transaction() as tx:
        await next(job for job in JOBS if job.name == "send-password-resets").run(tx, None)
    assert len(await mails(someone, RESET)) == 1
