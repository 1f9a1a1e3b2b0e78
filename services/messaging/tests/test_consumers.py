"""From neighbours' events to mails on disk, once each."""

import asyncio
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID, uuid4

from contracts.event import EVENTS
from contracts.examples import example
from contracts.messages import MessageFailed, MessageSent
from contracts.onboarding import ProgramPublished
from dev.harness import events_of, eventually, send
from messaging.consumers import inbox
from people import asked, person


def mails(messaging, name=""):
    folder = Path(messaging.env["CHAIRSIDE_OUTBOX_FOLDER"])
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.glob("*.eml")]
    return [mail for mail in found if name in str(mail["To"])]


async def one_mail(messaging, to):
    return (await eventually(lambda: asyncio.to_thread(mails, messaging, to)))[0]


def test_it_takes_what_the_contracts_say():
    assert set(inbox.topics) == {topic for topic, event in EVENTS.items() if "messaging" in event.consumers}


async def test_the_welcome_goes_out_once_whatever_came_first(messaging, kafka):
    student, program = person(), example("program.published").model_copy(update={"program_id": uuid4()})
    told = {"enrollment_id": uuid4(), "student_id": student.user_id, "program_id": program.program_id}
    provisioned = example("milady.provisioned").model_copy(update=told)
    await send(kafka, "milady-sync", provisioned)
    await send(kafka, "identity", student)
    await send(kafka, "onboarding", program)
    mail = await one_mail(messaging, student.email)
    assert mail["Subject"] == f"Welcome to {program.name}"
    assert "/student" in mail.get_body(("plain",)).get_content()
    await send(kafka, "milady-sync", provisioned.model_copy(update={"revision": 2}))
    await events_of(kafka, MessageSent, where=lambda e: e.recipient_id == student.user_id)
    after = person()
    await send(kafka, "identity", after)
    await send(kafka, "compliance", asked(after.user_id))
    await one_mail(messaging, after.email)
    assert len(mails(messaging, student.email)) == 1


async def test_a_digest_names_the_students_and_goes_once(messaging, kafka):
    partner, student = person("Dana Brooks"), person("Sam Rivera")
    program = example("program.published").model_copy(update={"program_id": uuid4(), "name": "Barbering"})
    assert isinstance(program, ProgramPublished)
    alert = {
        "student_id": str(student.user_id),
        "program_id": str(program.program_id),
        "severity": "medium",
        "message": "0.00 of 10.00 hours.",
    }
    digest = asked(partner.user_id, "alerts-digest", scan="weekly", date="2026-11-22", zone="America/New_York", alerts=[alert])
    await send(kafka, "identity", partner, student)
    await send(kafka, "onboarding", program)
    (first,) = await send(kafka, "compliance", digest)
    await send(kafka, "compliance", digest, message_id=first)
    await send(kafka, "compliance", digest)
    mail = await one_mail(messaging, partner.email)
    assert "Sam Rivera (Barbering), medium: 0.00 of 10.00 hours." in mail.get_body(("plain",)).get_content()
    assert mail["Message-ID"].startswith(f"<{digest.message_id}@")
    sent = await messaging.sql("select * from message where recipient_id = $1", partner.user_id)
    assert [row["status"] for row in sent] == ["sent"]


async def test_an_older_address_never_overwrites_a_newer(messaging, kafka):
    new = person(revision=3, email=f"new-{uuid4()}@x.example")
    old = person(user_id=new.user_id, revision=2, email=f"old-{uuid4()}@x.example")
    await send(kafka, "identity", new)
    await send(kafka, "identity", old)
    await send(kafka, "compliance", asked(new.user_id))
    assert (await one_mail(messaging, new.email))["To"].addresses[0].addr_spec == new.email
    assert mails(messaging, old.email) == []


async def test_what_cannot_be_said_is_told_as_failed(messaging, kafka):
    here, gone = person(), person(status="deactivated")
    await send(kafka, "identity", here, gone)
    unknown, late = asked(here.user_id, "no-such-kind"), asked(gone.user_id)
    await send(kafka, "compliance", unknown, late)
    found = await events_of(kafka, MessageFailed, where=lambda e: e.message_id in (unknown.message_id, late.message_id), count=2)
    assert {event.message_id: event.reason for event in found} == {
        unknown.message_id: "there is no template 'no-such-kind'",
        late.message_id: "the recipient's account is not active",
    }
    assert mails(messaging, gone.email) == []


async def test_an_address_that_mail_cannot_carry_holds_up_nobody(messaging, kafka):
    unreachable, after = person(email=f"jö-{uuid4().hex}@student.example"), person()
    await send(kafka, "identity", unreachable, after)
    stuck = asked(unreachable.user_id)
    await send(kafka, "compliance", stuck, asked(after.user_id))
    (found,) = await events_of(kafka, MessageFailed, where=lambda e: e.message_id == stuck.message_id)
    assert found.reason == "the mail could not be made (NonASCIILocalPartDefect)"
    await one_mail(messaging, after.email)


async def test_a_crash_between_sending_and_noting_it_is_one_mail(messaging, kafka):
    """As the crash leaves it: the file is there, the row is leased and the lease has run out."""
    who = person()
    await send(kafka, "identity", who)
    message = asked(who.user_id)
    await send(kafka, "compliance", message)
    await one_mail(messaging, who.email)
    await eventually(lambda: messaging.sql("select 1 from message where message_id = $1 and status = 'sent'", message.message_id))
    await messaging.sql(
        "update message set status = 'sending', sent_at = null, next_attempt_at = now() - interval '1 second' where message_id = $1",
        message.message_id,
    )
    await eventually(lambda: messaging.sql("select 1 from message where message_id = $1 and status = 'sent'", message.message_id))
    assert len(mails(messaging, who.email)) == 1


async def test_an_outbox_that_does_not_take_it_is_tried_again(messaging, kafka):
    who, folder = person(), Path(messaging.env["CHAIRSIDE_OUTBOX_FOLDER"])
    message = asked(who.user_id)
    blocking = folder / f"{message.message_id}.eml"
    blocking.mkdir()
    await send(kafka, "identity", who)
    await send(kafka, "compliance", message)
    await eventually(
        lambda: messaging.sql("select 1 from message where message_id = $1 and reason is not null", UUID(str(message.message_id)))
    )
    blocking.rmdir()
    assert await one_mail(messaging, who.email)
