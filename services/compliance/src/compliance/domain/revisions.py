"""What becomes of an entry that stands in the ledger: corrected, verified, rejected, voided, each by a new revision (SPEC 3.2)."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

from chassis.errors import Conflict, Malformed, NotAllowed, StaleVersion
from chassis.principal import Principal
from contracts.people import Role

from compliance.domain.hours import Entry

Verdict = Literal["verified", "rejected"]
MEASURED = ("work_date", "minutes", "category")
"""What a verifier looks at."""


class EntryReadOnly(Conflict):
    """Hours from Milady are changed in Milady alone, and verified by nature."""


class EntryAlreadyVoided(Conflict):
    """The entry counts no more."""


class EntryNotYours(NotAllowed):
    """Somebody else logged the entry."""


class EntryDecided(Conflict):
    """The entry is verified or rejected; `decided`, `decided_by` and `decided_at` say how, by whom and when."""


class OwnHours(NotAllowed):
    """Nobody decides on hours of their own, or on hours that they submitted or corrected."""


class NothingToAccept(Conflict):
    """No minutes of the entry lie past a cap."""


class ReasonNeeded(Malformed):
    """Whoever corrects what another logged, or what was decided, says why."""


class EntryChanged(StaleVersion):
    """The entry is not the one that was looked at."""


def etag(revision: int) -> str:
    """The ETag of an entry."""
    return f'"{revision}"'


def void(entry: Entry, reason: str, *, who: Principal) -> Entry:
    """The revision that takes the entry back: 0 minutes. Raises the refusal that says why it stays."""
    _check_open(entry)
    if who.kind != "admin":
        if entry.logged_by != who.id:
            raise EntryNotYours("Only who logged the entry, or an administrator, voids it. Ask one of them.")
        if entry.status != "submitted":
            raise _decided(entry, "Ask an administrator to void it.")
    return _next(entry, who, minutes=0, status="voided", reason=reason)


def decide(entry: Entry, verdict: Verdict, reason: str | None, *, authors: Collection[UUID], expected: str, who: Principal) -> Entry:
    """The revision that verifies or rejects the entry as it was seen with the ETag `expected`.

    `authors` are those who submitted or corrected it. Raises EntryReadOnly, EntryAlreadyVoided, OwnHours, EntryDecided or EntryChanged.
    """
    _check_open(entry)
    _check_other(entry, authors, who)
    if entry.status != "submitted":
        raise _decided(entry, "If that is wrong, correct it with a reason; then it is decided on again.")
    _check_seen(entry, expected)
    return _next(entry, who, status=verdict, reason=reason)


def accept(entry: Entry, *, authors: Collection[UUID], expected: str, who: Principal) -> None:
    """Lets the entry as it was seen count whole, past the program's caps. Raises OwnHours, NothingToAccept or EntryChanged."""
    _check_other(entry, authors, who)
    if not entry.over_minutes:
        raise NothingToAccept("No minutes of this entry lie past a cap. There is nothing to accept.")
    _check_seen(entry, expected)


def correct(entry: Entry, changes: Mapping[str, Any], reason: str | None, *, expected: str, who: Principal) -> Entry | None:
    """The revision that corrects the entry as it was seen with the ETag `expected`; None where nothing would change.

    Its author corrects it while it is submitted; a coordinator or an administrator at any time, with a reason, and what was decided is
    decided on again. Raises EntryReadOnly, EntryAlreadyVoided, EntryNotYours, EntryDecided, ReasonNeeded or EntryChanged.
    """
    _check_open(entry)
    author = entry.logged_by == who.id
    if not (who.kind == "admin" or Role.SITE_COORDINATOR in who.roles):
        if not author:
            raise EntryNotYours("Only who logged the entry, a site coordinator or an administrator corrects it. Ask one of them.")
        if entry.status != "submitted":
            raise _decided(entry, "Ask a site coordinator or an administrator to correct it.")
    elif reason is None and not (author and entry.status == "submitted"):
        raise ReasonNeeded("Say in reason why you correct what somebody else logged, or what was decided already.")
    _check_seen(entry, expected)
    if entry.status == "submitted" and all(getattr(entry, name) == value for name, value in changes.items()):
        return None
    return _next(entry, who, status="submitted", reason=reason, **changes)


def moves_minutes(before: Entry, entry: Entry) -> bool:
    """Whether the day of the entry holds other minutes than before."""
    return before.status == "rejected" or (before.work_date, before.minutes) != (entry.work_date, entry.minutes)


def _check_open(entry: Entry) -> None:
    if entry.source == "lms":
        raise EntryReadOnly("These hours come from Milady and are read-only here. Correct them in Milady; the next sync brings the change.")
    if entry.status == "voided":
        raise EntryAlreadyVoided("This entry is voided already. Log it anew if it was right.")


def _check_other(entry: Entry, authors: Collection[UUID], who: Principal) -> None:
    if who.id in {entry.student_id, entry.logged_by, *authors}:
        raise OwnHours("Nobody decides on hours of their own, or that they submitted or corrected. Ask another coordinator.")


def _check_seen(entry: Entry, expected: str) -> None:
    if expected not in ("*", etag(entry.revision)):
        raise EntryChanged("This entry was changed meanwhile. Read it again and decide on that, with its ETag in If-Match.")


def _decided(entry: Entry, what_to_do: str) -> EntryDecided:
    by = f" by {entry.recorded_by}" if entry.recorded_by else ""
    sentence = f"This entry was {entry.status} already{by}. {what_to_do}"
    return EntryDecided(sentence, decided=entry.status, decided_by=entry.recorded_by, decided_at=entry.recorded_at.isoformat())


def _next(entry: Entry, who: Principal, **changes: Any) -> Entry:
    return replace(entry, revision=entry.revision + 1, recorded_by=who.id, **changes)
