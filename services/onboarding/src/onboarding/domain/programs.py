"""Programs: what a student learns, and how much of it (SPEC 3.8)."""

from collections.abc import Collection
from uuid import UUID

from chassis.errors import Malformed, NotAllowed, NotFound
from contracts.onboarding import Course
from contracts.people import Role

DEFAULT_COURSES = (
    Course(code="rise-wellbeing-safety", title="Client Well-Being & Safety", minutes=210),
    Course(code="rise-finance-fundamentals", title="Finance Fundamentals", minutes=240),
)


class ProgramNotFound(NotFound):
    """No such program."""

    def __init__(self) -> None:
        super().__init__("There is no program with this id. Take the id from the list of programs.")


class PartnerIdNeeded(Malformed):
    """An administrator holds no program and must say who does."""

    def __init__(self) -> None:
        super().__init__("Say in partner_id which program holder this program belongs to.")


class ProgramOfAnother(NotAllowed):
    """A program holder does this for their own programs only."""

    def __init__(self) -> None:
        super().__init__("You can do this for your own programs only. Ask the program's holder or an administrator.")


def holder_of(*, partner_id: UUID | None, who: UUID, roles: Collection[str]) -> UUID:
    """Whose a new program is: the program holder's own, or the one that an administrator names.

    Raises ProgramOfAnother, PartnerIdNeeded.
    """
    if Role.ADMIN not in roles and partner_id not in (None, who):
        raise ProgramOfAnother
    if partner_id is None and Role.PROGRAM_HOLDER not in roles:
        raise PartnerIdNeeded
    return partner_id or who


def check_holder(*, partner_id: UUID, who: UUID, roles: Collection[str]) -> None:
    """Only a program's holder or an administrator may go on. Raises ProgramOfAnother."""
    if who != partner_id and Role.ADMIN not in roles:
        raise ProgramOfAnother
