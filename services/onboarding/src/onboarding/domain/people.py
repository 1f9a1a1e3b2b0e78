"""Who a person is said to be by identity's events."""

from chassis.errors import Conflict, NotFound, Unavailable


class PersonNotKnownYet(Unavailable):
    """The person's own account has not arrived here yet."""

    def __init__(self) -> None:
        super().__init__("Your account is new and has not arrived here yet. Try again in a moment.")


class StudentNotFound(NotFound):
    """No such person is known."""

    def __init__(self) -> None:
        super().__init__("There is no person with this student_id. Check the id; a new account takes a moment to arrive.")


class StudentNotActive(Conflict):
    """The person's account is closed."""

    def __init__(self) -> None:
        super().__init__("This person's account is closed. Ask an administrator to open it before you go on.")


def check_student(status: str | None) -> None:
    """Only a known person with an active account can learn. Raises StudentNotFound, StudentNotActive."""
    if status is None:
        raise StudentNotFound
    if status != "active":
        raise StudentNotActive
