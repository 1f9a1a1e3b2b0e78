"""Assignments: which partner sees which student's records, and as what (SPEC 3.8)."""

from uuid import UUID

from chassis.errors import Conflict, NotFound


class AssignmentNotFound(NotFound):
    """No such assignment."""

    def __init__(self) -> None:
        super().__init__("There is no assignment with this id. Take the id from the list of assignments.")


class AlreadyAssigned(Conflict):
    """The student is assigned to the partner in that role and program now."""

    def __init__(self) -> None:
        super().__init__("This student is assigned to this partner already, in this role and program. There is nothing left to do.")


class AssignedToThemselves(Conflict):
    """A person cannot be their own partner."""

    def __init__(self) -> None:
        super().__init__("A person cannot be assigned to themselves. Choose another partner.")


def check_assignment(*, student_id: UUID, partner_id: UUID) -> None:
    """Raises AssignedToThemselves."""
    if student_id == partner_id:
        raise AssignedToThemselves
