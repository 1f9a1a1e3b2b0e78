"""Pure decisions of messaging: which mail an event causes, when a failed one is tried again, and how a mail is put together."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from uuid import UUID, uuid5

CAUSES = UUID("0a6a2f4e-8f2c-4b62-9d9a-3f4b1f0f7c11")
"""Namespace of message ids that follow from what caused them: the same cause is the same message, however often it is heard."""
ATTEMPTS = 8
LEASE = timedelta(seconds=60)
NAMES_WAIT = timedelta(seconds=30)


class RecipientGone(Exception):
    """The account of the one to be told is not active any more."""

    def __str__(self) -> str:
        return "the recipient's account is not active"


@dataclass(frozen=True)
class Draft:
    """A mail that is to be sent once."""

    message_id: UUID
    recipient_id: UUID
    kind: str
    data: dict[str, Any]


def caused(kind: str, cause: object, recipient_id: UUID, **data: Any) -> Draft:
    """The mail of that kind that `cause` (an id of what happened) brings about."""
    return Draft(uuid5(CAUSES, f"{kind}/{cause}"), recipient_id, kind, data)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many failed attempts: 2, 4, 8 ... seconds, at most five minutes; None: not any more."""
    if attempts >= ATTEMPTS:
        return None
    return now + timedelta(seconds=min(2**attempts, 300))


def ids_in(data: object) -> set[UUID]:
    """The ids of people and programs that a mail's data speaks of, wherever in it they stand."""
    if isinstance(data, dict):
        named = {UUID(str(value)) for name, value in data.items() if name in ("student_id", "program_id") and value}
        return named.union(*(ids_in(value) for value in data.values()))
    if isinstance(data, list):
        return set().union(*(ids_in(value) for value in data)) if data else set()
    return set()


def mail(*, message_id: UUID, sender: str, name: str, address: str, subject: str, text: str, html: str, at: datetime) -> EmailMessage:
    """A complete mail (RFC 5322) with a text and an HTML part. Its Message-ID follows from `message_id`: sent twice it is the same mail."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = Address(re.sub(r"\s+", " ", name), addr_spec=address)
    made["Subject"] = " ".join(subject.split())
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{message_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    made.add_alternative(html, subtype="html")
    return made
