"""One function a use case: taking a message in, taking what is due, and noting what became of it. None commits."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit, erasure
from chassis.database import Transaction
from chassis.outbox import publish
from chassis.telemetry import current_traceparent
from contracts.messages import MessageFailed, MessageSent
from contracts.onboarding import PartnerActivated, PartnerApplied, PartnerApproved, PartnerSuspended, ProgramPublished
from contracts.people import UserChanged

from messaging.domain import LEASE, Draft, next_attempt

KEEP = """insert into message (message_id, recipient_id, kind, data, traceparent)
 values (:message_id, :recipient_id, :kind, cast(:data as jsonb), :traceparent) on conflict (message_id) do nothing"""
PERSON = """insert into person (user_id, revision, status, name, email, time_zone)
 values (:user_id, :revision, :status, :name, :email, :time_zone)
 on conflict (user_id) do update set revision = excluded.revision, status = excluded.status, name = excluded.name,
   email = excluded.email, time_zone = excluded.time_zone where person.revision < excluded.revision"""
PARTNER = """insert into partner (user_id, revision, status) values (:user_id, :revision, :status)
 on conflict (user_id) do update set revision = excluded.revision, status = excluded.status where partner.revision < excluded.revision"""
PROGRAM = """insert into program (program_id, revision, name) values (:program_id, :revision, :name)
 on conflict (program_id) do update set revision = excluded.revision, name = excluded.name where program.revision < excluded.revision"""
TAKE = """update message m set status = 'sending', attempts = attempts + 1, next_attempt_at = :until
 from person p left join partner s using (user_id) where p.user_id = m.recipient_id and m.message_id in (
   select d.message_id from message d join person k on k.user_id = d.recipient_id
    where d.status in ('pending', 'sending') and d.next_attempt_at <= :now
    order by d.next_attempt_at limit :most for update of d skip locked)
 returning m.message_id, m.recipient_id, m.kind, m.data, m.attempts, m.created_at, m.traceparent,
   p.name, p.email, p.status as person_status, s.status as partner_status"""
SENT = """update message set status = 'sent', sent_at = :now, subject = :subject, data = data - 'token', revision = revision + 1
 where message_id = :id and status = 'sending' returning recipient_id, kind, channel, revision"""
FAILED = """update message set status = 'failed', reason = :reason, data = data - 'token', revision = revision + 1
 where message_id = :id and status = 'sending' returning recipient_id, kind, channel, revision"""
TAKE_BACK = "update message set take_back = true where recipient_id = :id or position(:name in data::text) > 0"
BARE = "update message set subject = null, data = '{}' where recipient_id = :id"
TO_TAKE_BACK = "select message_id from message where take_back limit :most"
TOOK_BACK = "update message set take_back = false where message_id = any(:ids)"
LATER = "update message set status = 'pending', next_attempt_at = :at, reason = :reason where message_id = :id and status = 'sending'"


async def take_in(tx: Transaction, draft: Draft) -> None:
    """Keeps a message to be sent; the same one a second time changes nothing."""
    about = {"message_id": draft.message_id, "recipient_id": draft.recipient_id, "kind": draft.kind, "traceparent": current_traceparent()}
    kept = await tx.execute(KEEP, about | {"data": json.dumps(draft.data, default=str)})
    if kept.rowcount:
        audit.record(tx, "message.accept", "message", draft.message_id, subject_id=draft.recipient_id, after={"kind": draft.kind})


async def know_person(tx: Transaction, event: UserChanged) -> None:
    """A person's name and address; an older state never overwrites a newer. Of an erased one it stays that they were told something."""
    await tx.execute(PERSON, event.model_dump(include={"user_id", "revision", "status", "name", "email", "time_zone"}))
    if event.status == "erased":
        await tx.execute(TAKE_BACK, {"id": event.user_id, "name": str(event.user_id)})
        await tx.execute(BARE, {"id": event.user_id})
        await erasure.scrub(tx, event.user_id)


async def to_take_back(tx: Transaction, most: int) -> list[UUID]:
    """The messages whose mails must not be there any more."""
    return [row.message_id for row in await tx.all(TO_TAKE_BACK, {"most": most})]


async def took_back(tx: Transaction, message_ids: list[UUID]) -> None:
    """Their mails are gone."""
    await tx.execute(TOOK_BACK, {"ids": message_ids})


async def know_partner(tx: Transaction, event: PartnerApplied | PartnerApproved | PartnerActivated | PartnerSuspended) -> None:
    """How far a partner is; an older state never overwrites a newer."""
    await tx.execute(PARTNER, event.model_dump(include={"user_id", "revision", "status"}))


async def know_program(tx: Transaction, event: ProgramPublished) -> None:
    """A program's name; an older state never overwrites a newer."""
    await tx.execute(PROGRAM, event.model_dump(include={"program_id", "revision", "name"}))


async def take_due(tx: Transaction, now: datetime, most: int) -> Sequence[Any]:
    """Leases messages that are due and whose recipient is known. A lease that ran out (a crash) comes back by itself."""
    return await tx.all(TAKE, {"now": now, "until": now + LEASE, "most": most})


async def mark_sent(tx: Transaction, message_id: UUID, subject: str, now: datetime) -> None:
    """The provider has it; a link that only its reader may use is not kept (decision 9)."""
    if row := await tx.first(SENT, {"id": message_id, "subject": subject, "now": now}):
        about = {"recipient_id": row.recipient_id, "kind": row.kind, "channel": row.channel, "revision": row.revision}
        publish(tx, MessageSent(message_id=message_id, sent_at=now, **about))
        after = {"kind": row.kind, "status": "sent"}
        audit.record(tx, "message.send", "message", message_id, subject_id=row.recipient_id, before={"status": "sending"}, after=after)


async def mark_failed(tx: Transaction, message_id: UUID, reason: str, attempts: int | None, now: datetime) -> None:
    """It was not taken: tried again later, or, without attempts left (None: at once), told as failed."""
    again = next_attempt(attempts, now) if attempts is not None else None
    if again is not None:
        await tx.execute(LATER, {"id": message_id, "at": again, "reason": reason})
    elif row := await tx.first(FAILED, {"id": message_id, "reason": reason}):
        about = {"recipient_id": row.recipient_id, "kind": row.kind, "channel": row.channel, "revision": row.revision}
        publish(tx, MessageFailed(message_id=message_id, reason=reason, failed_at=now, **about))
        after = {"kind": row.kind, "status": "failed", "reason": reason}
        audit.record(tx, "message.fail", "message", message_id, subject_id=row.recipient_id, before={"status": "sending"}, after=after)


async def put_back(tx: Transaction, message_id: UUID, at: datetime, reason: str) -> None:
    """It waits for something that is expected soon."""
    await tx.execute(LATER, {"id": message_id, "at": at, "reason": reason})
