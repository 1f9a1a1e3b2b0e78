"""Enrollments: a student's place in a program, from its first day to its last (SPEC 3.8)."""

from datetime import date
from uuid import UUID

from chassis.errors import Conflict, Malformed, NotFound


class EnrollmentNotFound(NotFound):
    """No such enrollment, or none that the one who asks may see."""

    def __init__(self) -> None:
        super().__init__("There is no enrollment with this id that you may see. Check the id.")


class AlreadyEnrolled(Conflict):
    """One active enrollment per student and program."""

    def __init__(self) -> None:
        super().__init__("This student is enrolled in this program already. Withdraw that enrollment before you make another.")


class HolderAsStudent(Conflict):
    """Nobody trains and approves themselves."""

    def __init__(self) -> None:
        super().__init__("A program's holder cannot be a student of it. Choose another student or another program.")


class NotEnrolledNow(Conflict):
    """The enrollment has ended."""

    def __init__(self) -> None:
        super().__init__("This enrollment has ended already. There is nothing left to withdraw.")


class LastDayNotPossible(Malformed):
    """The last day lies before the first, or in the future."""

    def __init__(self, started_on: date, latest: date) -> None:
        super().__init__(f"The last day must lie between {started_on} and {latest}, in the program's time zone. Correct ended_on.")


def check_enrollment(*, student_id: UUID, holder_id: UUID) -> None:
    """Raises HolderAsStudent."""
    if student_id == holder_id:
        raise HolderAsStudent


def check_withdrawal(*, status: str, started_on: date, ended_on: date, today: date) -> None:
    """`today` is the program's. An enrollment that has not begun can end on its first day. Raises NotEnrolledNow, LastDayNotPossible."""
    if status != "active":
        raise NotEnrolledNow
    latest = max(today, started_on)
    if not started_on <= ended_on <= latest:
        raise LastDayNotPossible(started_on, latest)
