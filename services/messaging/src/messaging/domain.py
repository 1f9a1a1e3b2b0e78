"""Pure decisions of messaging: which mail an event causes, when a failed one is tried again, and how a mail is put together."""

import re
from collections.abc import Collection, Mapping
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


class RoleSuspended(Exception):
    """The mail speaks of a student to a partner who may see none now."""

    def __str__(self) -> str:
        return "the recipient's role is suspended, and the mail speaks of a student"


class LinkOver(Exception):
    """The link that the mail would bring has run out, or was used and taken out of the message."""

    def __str__(self) -> str:
        return "the link in it has run out"


def check_link(data: Mapping[str, Any], now: datetime) -> None:
    """Raises LinkOver for a mail whose `expires_at`, if it has one, is past, or whose token is gone: so it comes in a replay."""
    if "expires_at" in data and ("token" not in data or datetime.fromisoformat(data["expires_at"]) <= now):
        raise LinkOver


def check_standing(partner_status: str | None, recipient_id: UUID, data: Mapping[str, Any]) -> None:
    """Raises RoleSuspended for a mail to a suspended partner that speaks of anyone but them (SPEC 3.10)."""
    if partner_status == "suspended" and ids_in(data, {"student_id"}) - {recipient_id}:
        raise RoleSuspended


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


def ids_in(data: object, under: Collection[str] = ("student_id", "program_id")) -> set[UUID]:
    """The ids of people and programs that a mail's data speaks of, wherever in it they stand, `under` these names."""
    if isinstance(data, Mapping):
        named = {UUID(str(value)) for name, value in data.items() if name in under and value}
        return named.union(*(ids_in(value, under) for value in data.values()))
    if isinstance(data, list):
        return set().union(*(ids_in(value, under) for value in data)) if data else set()
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
