"""What skills decides, over plain values: who may change and decide what, and how far a student is (SPEC 3.5, 3.6)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from chassis.errors import Conflict, Malformed, NotAllowed, NotFound

CLOCKS_DIFFER = timedelta(minutes=5)
BETWEEN_NAMES = re.compile(r"[\s,.'\u2019-]+")
DIGITS = Context(prec=28)


class EnrollmentNotFound(NotFound):
    """There is no such enrollment that the one who asks may see, or it is not known here yet."""


class ProgramNotFound(NotFound):
    """There is no such program, or it is not known here yet."""


class EntryNotFound(NotFound):
    """There is no such entry that the one who asks may see."""


class PhotoNotFound(NotFound):
    """The entry has no such photo."""


class EnrollmentEnded(Conflict):
    """The enrollment is withdrawn or completed."""


class SkillNotInProgram(Conflict):
    """The program's catalogue has no such skill."""


class PerformedInFuture(Conflict):
    """A service that has not been performed yet."""


class NotEditable(Conflict):
    """The entry waits for a decision, or has been approved."""


class NotSubmitted(Conflict):
    """There is nothing to decide: the entry is a draft."""


class AlreadyDecided(Conflict):
    """Someone decided before."""


class OwnEntry(NotAllowed):
    """Nobody decides on their own service."""


class ClientIdentifierIsName(Malformed):
    """Clients are named by a pseudonym."""


@dataclass(frozen=True, slots=True)
class Skill:
    """A service of the catalogue; without a quota it does not count towards practical %."""

    code: str
    title: str
    quota: int | None


@dataclass(frozen=True, slots=True)
class Competence:
    """How far a student is in one skill; `percent` is unrounded, None without a quota."""

    skill: Skill
    approved: int
    percent: Decimal | None


def catalogue_of(skills: Iterable[Mapping[str, Any]]) -> dict[str, Skill]:
    """A program's skills by code, in its order."""
    return {each["code"]: Skill(each["code"], each["title"], each["quota"]) for each in skills}


def accept_service(*, status: str, skills: Mapping[str, Skill], skill_code: str, performed_at: datetime, now: datetime) -> None:
    """Whether an enrollment takes a service. Raises EnrollmentEnded, SkillNotInProgram, PerformedInFuture."""
    require_active(status)
    if skill_code not in skills:
        raise SkillNotInProgram(f"This program has no skill of that code. Choose one of: {', '.join(skills) or 'none yet'}.")
    if performed_at > now + CLOCKS_DIFFER:
        raise PerformedInFuture("This service lies in the future. Log it after you have performed it.")


def require_active(status: str) -> None:
    """Raises EnrollmentEnded."""
    if status != "active":
        raise EnrollmentEnded("This enrollment has ended, so it takes no services any more.")


def require_pseudonym(client_identifier: str) -> None:
    """Raises ClientIdentifierIsName for what looks like first and last name: two words in a row that begin with a capital."""
    names = [word[:1].isupper() and word[1:2].islower() for word in BETWEEN_NAMES.split(client_identifier)]
    if any(pair == (True, True) for pair in pairwise(names)):
        raise ClientIdentifierIsName("This looks like a person's full name. Write a pseudonym for the client, such as C-104 or walk-in 3.")


def require_editable(status: str) -> None:
    """Only a draft or a rejected entry changes. Raises NotEditable."""
    if status not in ("draft", "rejected"):
        waits = "waits for a decision" if status == "pending" else "has been approved"
        raise NotEditable(f"This entry {waits} and cannot be changed. Log a new one instead.")


def require_decidable(status: str, student_id: UUID, by: UUID) -> None:
    """Only a pending entry is decided, and never by its own student. Raises OwnEntry, NotSubmitted, AlreadyDecided."""
    if by == student_id:
        raise OwnEntry("Nobody decides on their own service. Ask another supervisor.")
    if status == "draft":
        raise NotSubmitted("The student has not submitted this entry yet. Wait until they do.")
    if status != "pending":
        raise AlreadyDecided(f"This entry has been {status} already. Look at it again.", status_now=status)


def missing_evidence(after_photo: str | None) -> str | None:
    """Why an entry cannot be approved unseen, or None when nothing is missing."""
    return None if after_photo else "no-after-photo"


def competence(skills: Iterable[Skill], approved: Mapping[str, int]) -> list[Competence]:
    """How far a student is, skill by skill, in the catalogue's order."""
    return [Competence(skill, approved.get(skill.code, 0), _share(approved.get(skill.code, 0), skill.quota)) for skill in skills]


def practical_percent(found: Iterable[Competence]) -> Decimal | None:
    """Sum of min(approved, quota) over sum of quotas, in percent and unrounded; None when no skill has a quota (SPEC 3.5)."""
    counted = [(min(each.approved, each.skill.quota), each.skill.quota) for each in found if each.skill.quota]
    return _share(sum(done for done, _ in counted), sum(quota for _, quota in counted))


def _share(done: int, quota: int | None) -> Decimal | None:
    if not quota:
        return None
    share = DIGITS.divide(Decimal(100 * min(done, quota)), Decimal(quota))
    return share.quantize(Decimal(1)) if share == share.to_integral_value() else share
