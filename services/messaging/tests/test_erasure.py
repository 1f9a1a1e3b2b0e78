"""Of an erased person messaging keeps that they were told something, and no mail."""

import asyncio
import secrets
from uuid import uuid4

from dev.erasing import tombstone, where
from dev.harness import eventually, send
from people import asked, person
from test_consumers import mails, one_mail


async def applied(messaging, message_id):
    return await eventually(lambda: messaging.sql("select 1 from inbox where message_id = $1", message_id))


async def sent(messaging, message):
    return await eventually(lambda: messaging.sql("select 1 from message where message_id = $1 and status = 'sent'", message.message_id))


async def _nothing_waits(messaging):
    return not await messaging.sql("select 1 from message where take_back")


def everything(messaging):
    return [mail.as_string() for mail in mails(messaging)]


async def test_mails_to_them_and_about_them_go(messaging, kafka):
    name = f"Marked {secrets.token_hex(6)}"
    student, partner, other = person(name), person("Dana Brooks"), person("Sam Rivera")
    await send(kafka, "identity", student, partner, other)
    alerts = [{"student_id": str(who.user_id), "severity": "low", "message": "0.00 of 10.00 hours."} for who in (student, other)]
    about = {"scan": "weekly", "date": "2026-11-22", "zone": "America/New_York"}
    welcome, digest, kept = asked(student.user_id), asked(partner.user_id, "alerts-digest", alerts=alerts, **about), asked(other.user_id)
    await send(kafka, "compliance", welcome, digest, kept)
    for message in (welcome, digest, kept):
        await sent(messaging, message)
    assert sum(name in mail for mail in everything(messaging)) == 2
    assert await where(messaging.sql, name, student.email) == ["person"]
    (erased,) = await send(kafka, "identity", person(name, student.user_id, revision=2, status="erased"))
    await applied(messaging, erased)
    await eventually(lambda: _nothing_waits(messaging))
    assert not any(name in mail or student.email in mail for mail in everything(messaging))
    assert await where(messaging.sql, name, student.email) == []
    assert len(await asyncio.to_thread(mails, messaging, other.email)) == 1
    (row,) = await messaging.sql("select kind, status, subject, data from message where message_id = $1", welcome.message_id)
    assert tuple(row) == ("partner-approved", "sent", None, "{}")
    again = asked(partner.user_id, "alerts-digest", alerts=alerts, **about)
    await send(kafka, "compliance", again)
    await sent(messaging, again)
    (mail,) = [mail for mail in mails(messaging, partner.email) if str(again.message_id) in str(mail["Message-ID"])]
    assert "a former student" in mail.get_body(("plain",)).get_content()


async def test_a_replay_from_the_beginning_brings_nothing_back_and_mails_nothing(messaging, kafka):
    name = f"Marked {secrets.token_hex(6)}"
    who = person(name)
    await send(kafka, "identity", who, person(name, who.user_id, revision=2, status="erased"))
    await applied(messaging, await tombstone(kafka, who.user_id))
    replayed = [who, person(name, who.user_id, revision=7)]
    for message_id in await send(kafka, "identity", *replayed):
        await applied(messaging, message_id)
    late = asked(who.user_id)
    await send(kafka, "compliance", late)
    await eventually(lambda: messaging.sql("select 1 from message where message_id = $1 and status = 'failed'", late.message_id))
    assert await where(messaging.sql, name, who.email) == []
    assert not any(name in mail for mail in everything(messaging))


async def test_the_living_keep_their_mails(messaging, kafka):
    who = person(user_id=uuid4())
    await send(kafka, "identity", who)
    await send(kafka, "compliance", asked(who.user_id))
    await one_mail(messaging, who.email)
    (changed,) = await send(kafka, "identity", person(user_id=who.user_id, revision=2))
    await applied(messaging, changed)
    assert len(await asyncio.to_thread(mails, messaging, who.email)) == 1
