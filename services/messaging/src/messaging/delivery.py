"""The worker that sends: leases what is due, sends outside of any transaction, and notes the outcome."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from chassis.database import is_transient
from chassis.service import Context
from chassis.telemetry import context_of, tracer
from prometheus_client import Counter

from messaging import commands, domain, provider, queries
from messaging.rendering import LiquidError, UnknownKindError, render
from messaging.settings import MessagingSettings

log = structlog.get_logger()
outcomes = Counter("messages_total", "Messages by what became of them", ["kind", "outcome"])
AT_ONCE, IDLE = 20, 0.5
UNKNOWN = {"student": "a student", "program": "a program"}


async def deliver(context: Context[MessagingSettings]) -> None:
    """Sends for as long as the process lives. A crash between sending and noting it sends the same file again: one mail."""
    while True:
        try:
            await take_back(context)
            sent = await round_of(context)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("delivery waits", because=repr(error))
            sent = 0
        if sent < AT_ONCE:
            await asyncio.sleep(IDLE)


async def round_of(context: Context[MessagingSettings]) -> int:
    """Takes what is due and sends each; gives how many were taken."""
    async with context.database.transaction() as tx:
        # The one clock that all replicas share: leases and waits of one that is wrong would hold up the others.
        now = await tx.scalar("select now()")
        due = await commands.take_due(tx, now, AT_ONCE)
        names = await queries.names(tx, {one for row in due for one in domain.ids_in(row.data)})
    for row in due:
        with tracer.start_as_current_span(f"deliver {row.kind}", context=context_of(row.traceparent)):
            await _one(context, row, names, now)
    return len(due)


async def take_back(context: Context[MessagingSettings]) -> None:
    """Deletes the mails that were written to people who were erased since, or that name them, where the files are."""
    async with context.database.transaction() as tx:
        found = await commands.to_take_back(tx, AT_ONCE)
    if found:
        await asyncio.to_thread(provider.delete, context.settings.outbox_folder, found)
        async with context.database.transaction() as tx:
            await commands.took_back(tx, found)


async def _one(context: Context[MessagingSettings], row: Any, names: dict[str, str], now: datetime) -> None:
    unnamed = {str(one) for one in domain.ids_in(row.data)} - names.keys()
    if unnamed and now - row.created_at < domain.NAMES_WAIT:
        async with context.database.transaction() as tx:
            await commands.put_back(tx, row.message_id, now + timedelta(seconds=1), "a name in it is not known yet")
        return
    subject, reason, attempts = "", None, None
    try:
        subject = await _send(context, row, names, now)
    except (domain.RecipientGone, domain.RoleSuspended, domain.LinkOver, UnknownKindError, LiquidError) as error:
        reason = str(error)
    except OSError as error:
        reason, attempts = f"the outbox folder did not take it: {error.strerror or error}", row.attempts
    except Exception as error:
        # Whatever is wrong with one mail, such as an address that mail cannot carry, the others must not wait behind it.
        log.exception("a mail could not be made", message_id=str(row.message_id))
        reason = f"the mail could not be made ({type(error).__name__})"
    async with context.database.transaction() as tx:
        if reason is None:
            await commands.mark_sent(tx, row.message_id, subject, now)
        else:
            await commands.mark_failed(tx, row.message_id, reason, attempts, now)
    outcomes.labels(row.kind, "sent" if reason is None else "failed").inc()


async def _send(context: Context[MessagingSettings], row: Any, names: dict[str, str], now: datetime) -> str:
    """Renders and hands over; gives the subject."""
    if row.person_status != "active":
        raise domain.RecipientGone
    domain.check_standing(row.partner_status, row.recipient_id, row.data)
    domain.check_link(row.data, now)
    settings = context.settings
    data = named(row.data, names) | {"name": row.name, "portal": settings.public_url}
    said = render(row.kind, data)
    mail = domain.mail(
        message_id=row.message_id, sender=settings.mail_from, name=row.name, address=row.email,
        subject=said.subject, text=said.text, html=said.html, at=now,
    )  # fmt: skip
    await asyncio.to_thread(provider.deliver, settings.outbox_folder, row.message_id, mail)
    return str(mail["Subject"])


def named(data: Any, names: dict[str, str]) -> Any:
    """The data with `student` and `program` beside every `student_id` and `program_id`."""
    if isinstance(data, list):
        return [named(each, names) for each in data]
    if not isinstance(data, dict):
        return data
    told = {name: named(value, names) for name, value in data.items()}
    return told | {what: names.get(str(data[f"{what}_id"]), other) for what, other in UNKNOWN.items() if f"{what}_id" in data}
