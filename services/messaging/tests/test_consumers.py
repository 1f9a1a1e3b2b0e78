"""From neighbours' events to mails on disk, once each."""

import asyncio
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
import time_machine
from chassis.database import Database
from contracts.event import EVENTS
from contracts.examples import example
from contracts.messages import MessageFailed, MessageSent
from contracts.onboarding import ProgramPublished
from dev.harness import events_of, eventually, send
from messaging.consumers import inbox
from messaging.delivery import round_of
from messaging.settings import MessagingSettings
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
    [sent] = await events_of(kafka, MessageSent, where=lambda e: e.recipient_id == student.user_id)
    action, was, becomes = (await messaging.trail(sent.message_id))[-1]
    assert (action, was, becomes["status"]) == ("message.send", {"status": "sending"}, "sent")
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
    await eventually(lambda: messaging.sql("select 1 from message where recipient_id = $1 and status = 'sent'", partner.user_id))
    assert len(await messaging.sql("select 1 from message where recipient_id = $1", partner.user_id)) == 1


async def test_a_student_is_told_of_other_weekly_hours_once(messaging, kafka):
    student = person("Sam Rivera")
    program = example("program.published").model_copy(update={"program_id": uuid4(), "name": "Barbering"})
    changed = example("requirement.changed").model_copy(
        update={"student_id": student.user_id, "program_id": program.program_id, "enrollment_id": uuid4(), "required_minutes_per_week": 750}
    )
    await send(kafka, "identity", student)
    await send(kafka, "onboarding", program)
    for _ in range(2):
        await send(kafka, "compliance", changed)
    mail = await one_mail(messaging, student.email)
    assert "from the week of 2026-11-30 on, Barbering asks you for 12.5 hours a week." in mail.get_body(("plain",)).get_content()


async def test_what_escalates_is_said_in_words_of_its_own(messaging, kafka):
    holder, student = person("Dana Brooks"), person("Sam Rivera")
    alert = {"student_id": str(student.user_id), "program_id": None, "severity": "critical", "message": "14 days without hours."}
    word = asked(holder.user_id, "alerts-escalated", scan="weekly", date="2026-11-22", zone="America/New_York", total=1, alerts=[alert])
    await send(kafka, "identity", holder, student)
    await send(kafka, "compliance", word)
    mail = await one_mail(messaging, holder.email)
    assert mail["Subject"] == "1 alert needs you"
    assert "critical: 14 days without hours." in mail.get_body(("plain",)).get_content()


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


async def test_a_replica_whose_clock_is_ahead_takes_nothing_before_its_time(messaging, kafka, monkeypatch):
    for name, value in messaging.env.items():
        monkeypatch.setenv(name, value)
    partner = person()
    alert = {"student_id": str(uuid4()), "program_id": str(uuid4()), "severity": "low", "message": "0.00 of 10.00 hours."}
    digest = asked(partner.user_id, "alerts-digest", scan="weekly", date="2026-11-22", zone="America/New_York", alerts=[alert])
    await send(kafka, "identity", partner)
    await send(kafka, "compliance", digest)
    database = Database(messaging.database.login_url, "messaging")

    async def taken():
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
            return await round_of(SimpleNamespace(database=database, settings=MessagingSettings()))

    try:
        await eventually(taken)
    finally:
        await database.close()
    waits = await messaging.sql(
        "select status, next_attempt_at < now() + interval '2 minutes' from message where recipient_id = $1", partner.user_id
    )
    assert waits[0][0] in ("pending", "sending")
    assert waits[0][1]


@pytest.mark.parametrize("kind", ["password-reset", "email-verification"])
async def test_a_link_goes_out_with_its_token_in_the_fragment_and_is_not_kept(messaging, kafka, kind):
    who, token = person(), uuid4().hex
    await send(kafka, "identity", who)
    wanted = asked(who.user_id, kind, token=token, expires_at=(datetime.now(UTC) + timedelta(minutes=30)).isoformat())
    await send(kafka, "identity", wanted)
    mail = await one_mail(messaging, who.email)
    for part in ("plain", "html"):
        assert f"/{kind}#token={token}" in mail.get_body((part,)).get_content()
    await eventually(lambda: messaging.sql("select 1 from message where message_id = $1 and status = 'sent'", wanted.message_id))
    assert not await messaging.sql("select 1 from message m where cast(m as text) like '%' || $1 || '%'", token)


@pytest.mark.parametrize(("minutes", "replayed"), [(0, False), (30, True)])
async def test_a_link_that_has_run_out_or_was_used_is_not_sent_and_not_kept(messaging, kafka, minutes, replayed):
    who, token = person(), uuid4().hex
    await send(kafka, "identity", who)
    secret = {} if replayed else {"token": token}
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    late = asked(who.user_id, "password-reset", expires_at=until.isoformat(), **secret)
    await send(kafka, "identity", late)
    (found,) = await events_of(kafka, MessageFailed, where=lambda e: e.message_id == late.message_id)
    assert found.reason == "the link in it has run out"
    assert mails(messaging, who.email) == []
    assert not await messaging.sql("select 1 from message m where cast(m as text) like '%' || $1 || '%'", token)


async def test_a_suspended_partner_is_told_so_and_nothing_of_students(messaging, kafka):
    partner, student = person("Dana Brooks"), person("Sam Rivera")
    suspended = example("partner.suspended").model_copy(update={"user_id": partner.user_id})
    back = example("partner.activated").model_copy(update={"user_id": partner.user_id, "revision": suspended.revision + 1})
    program = example("program.published").model_copy(update={"program_id": uuid4()})
    alert = {"student_id": str(student.user_id), "program_id": str(program.program_id), "severity": "medium", "message": "0 hours."}
    about = {"scan": "weekly", "date": "2026-11-22", "zone": "America/New_York", "alerts": [alert]}
    kept_back, digest = (asked(partner.user_id, "alerts-digest", **about) for _ in range(2))
    await send(kafka, "identity", partner, student)
    await send(kafka, "onboarding", program, suspended, back.model_copy(update={"revision": suspended.revision - 1}))
    status = "select status, reason from message where message_id = $1 and status in ('sent', 'failed')"
    await eventually(lambda: messaging.sql("select 1 from partner where user_id = $1 and status = 'suspended'", partner.user_id))
    await send(kafka, "compliance", kept_back)
    (row,) = await eventually(lambda: messaging.sql(status, kept_back.message_id))
    assert tuple(row) == ("failed", "the recipient's role is suspended, and the mail speaks of a student")
    told = "select 1 from message where recipient_id = $1 and kind = 'partner-suspended' and status = 'sent'"
    await eventually(lambda: messaging.sql(told, partner.user_id))
    subjects = {mail["Subject"] for mail in await asyncio.to_thread(mails, messaging, partner.email)}
    assert "Your role is suspended" in subjects
    assert not any("alert" in subject.lower() for subject in subjects)
    await send(kafka, "onboarding", back)
    await eventually(lambda: messaging.sql("select 1 from partner where user_id = $1 and status = 'active'", partner.user_id))
    await send(kafka, "compliance", digest)
    (row,) = await eventually(lambda: messaging.sql(status, digest.message_id))
    assert tuple(row) == ("sent", None)


async def test_a_partner_hears_of_each_step_once_and_of_a_step_taken_again_too(messaging, kafka):
    partner = person("Dana Brooks")
    active = example("partner.activated").model_copy(update={"user_id": partner.user_id})
    again = active.model_copy(update={"revision": active.revision + 2})
    await send(kafka, "identity", partner)
    await send(kafka, "onboarding", active, active, again, again)
    sent = "select kind from message where recipient_id = $1 and status = 'sent'"

    async def both():
        return len(await messaging.sql(sent, partner.user_id)) == 2

    await eventually(both)
    after = person()
    await send(kafka, "identity", after)
    await send(kafka, "onboarding", active.model_copy(update={"user_id": after.user_id}))
    await one_mail(messaging, after.email)
    assert len(mails(messaging, partner.email)) == 2
