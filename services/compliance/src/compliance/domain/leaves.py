"""Approved leave: days on which nothing is asked (SPEC 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from chassis.errors import Conflict, Malformed, NotFound


class LeaveNotKnown(NotFound):
    """There is no such leave, or none that the one who asks may see."""


class LeaveEndsTooEarly(Malformed):
    """The last day lies before the first."""


class LeaveOverlaps(Conflict):
    """Another leave of the enrollment holds some of the days already."""


class LeaveOutsideEnrollment(Conflict):
    """The enrollment does not hold those days."""


class LeaveAlreadyCancelled(Conflict):
    """The leave was cancelled."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Approved leave, both days included; open while `last_on` is None."""

    leave_id: UUID
    revision: int
    enrollment_id: UUID
    student_id: UUID
    first_on: date
    last_on: date | None
    status: str
    notes: str | None
    approved_by: UUID
    approved_at: datetime


def check_new(first_on: date, last_on: date | None, *, started_on: date, ended_on: date | None, others: Sequence[Leave]) -> None:
    """Lets the days of a leave through. Raises LeaveEndsTooEarly, LeaveOutsideEnrollment or LeaveOverlaps."""
    if last_on and last_on < first_on:
        raise LeaveEndsTooEarly("The last day of a leave is its first one or a later.")
    if first_on > (ended_on or date.max) or (last_on or date.max) < started_on:
        until = f" and ended on {ended_on}" if ended_on else ""
        raise LeaveOutsideEnrollment(f"The enrollment began on {started_on}{until}. Name days within it.")
    for other in others:
        if other.status == "approved" and first_on <= (other.last_on or date.max) and other.first_on <= (last_on or date.max):
            raise LeaveOverlaps(
                f"There is leave from {other.first_on} to {other.last_on or 'an open end'} already. End or cancel that first.",
                leave_id=str(other.leave_id),
            )


def end(leave: Leave, last_on: date, others: Sequence[Leave], *, started_on: date, ended_on: date | None) -> Leave:
    """The leave with another last day. Raises LeaveAlreadyCancelled, or what `check_new` raises."""
    if leave.status == "cancelled":
        raise LeaveAlreadyCancelled("This leave was cancelled. Approve a new one.")
    rest = [other for other in others if other.leave_id != leave.leave_id]
    check_new(leave.first_on, last_on, started_on=started_on, ended_on=ended_on, others=rest)
    return leave if leave.last_on == last_on else replace(leave, revision=leave.revision + 1, last_on=last_on)


def cancel(leave: Leave) -> Leave:
    """The leave, taken back; the same again changes nothing."""
    return leave if leave.status == "cancelled" else replace(leave, revision=leave.revision + 1, status="cancelled")
