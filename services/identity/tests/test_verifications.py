"""Addresses that their owners show to be theirs."""

import asyncio
from uuid import UUID

from links import RESET, VERIFICATION, completes, kept, kind_of, verifies


async def test_who_signs_up_can_verify_the_address_once_and_sign_in_before(identity, person, mails):
    someone = await person()
    assert someone.user["email_verified"] is False
    [mail] = await mails(someone, VERIFICATION)
    assert (await verifies(identity, mail.data["token"])).status_code == 204
    assert (await someone.client().get("/v1/me")).json()["email_verified"] is True
    assert kind_of(await verifies(identity, mail.data["token"])) == (409, "link-not-usable")
    assert kind_of(await someone.client().post("/v1/email-verifications")) == (409, "address-verified")
    assert mail.data["token"] not in await kept(identity)
    noted = await identity.sql("select 1 from audit_entry where subject_id = $1 and action = 'email.verify'", someone.id)
    assert len(noted) == 1


async def test_of_many_who_use_a_link_at_once_one_verifies(identity, person, mails):
    someone = await person()
    [mail] = await mails(someone, VERIFICATION)
    answers = await asyncio.gather(*(verifies(identity, mail.data["token"]) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 5
    noted = await identity.sql("select 1 from audit_entry where subject_id = $1 and action = 'email.verify'", someone.id)
    assert len(noted) == 1


async def test_the_mail_can_be_asked_for_again_three_times_an_hour(person, identity, mails):
    someone = await person()
    answers = [await someone.client().post("/v1/email-verifications") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].headers["retry-after"] == "3600"
    sent = await mails(someone, VERIFICATION, 3 - 1)
    assert (await verifies(identity, sent[-1].data["token"])).status_code == 204
    assert kind_of(await verifies(identity, sent[0].data["token"])) == (409, "link-not-usable")


async def test_a_token_is_good_for_its_own_purpose_alone(identity, person, asks, mails):
    someone = await person()
    await asks(someone.email)
    [verification], [reset] = await mails(someone, VERIFICATION), await mails(someone, RESET)
    assert kind_of(await completes(identity, verification.data["token"])) == (409, "link-not-usable")
    assert kind_of(await verifies(identity, reset.data["token"])) == (409, "link-not-usable")
    assert kind_of(await verifies(identity, "made up")) == (409, "link-not-usable")


async def test_accounts_that_the_command_line_makes_count_as_verified(identity, admin):
    assert (await admin.client().get("/v1/me")).json()["email_verified"] is True
    assert not await identity.sql("select 1 from outbox where topic = 'message.requested' and key = $1", str(UUID(admin.user["id"])))
