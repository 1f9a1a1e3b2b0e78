"""Payroll profiles: how a partner is paid, entered by the partner and decided by somebody else (SPEC 3.7)."""

from uuid import UUID

from chassis.errors import Conflict, Malformed, NotAllowed, NotFound, StaleVersion

WEIGHTS = (3, 7, 1) * 3
PREFIXES = (range(1, 13), range(21, 33), range(61, 73), range(80, 81))
"""The first two digits that are given out (ABA routing number policy)."""


class RoutingNumberWrong(Malformed):
    """The routing number is of no bank."""

    def __init__(self) -> None:
        super().__init__("This routing number is of no bank. Copy its nine digits from a cheque or from your bank's pages.")


class PayrollProfileNotFound(NotFound):
    """No such profile, or none that the one who asks may see."""

    def __init__(self) -> None:
        super().__init__("There is no payroll profile of this person that you may see. Check the id.")


class NoPayrollProfile(NotFound):
    """The one who asks has none yet."""

    def __init__(self) -> None:
        super().__init__("You have no payroll profile yet. Enter it first.")


class OwnPayroll(NotAllowed):
    """Nobody decides on how they are paid."""

    def __init__(self) -> None:
        super().__init__("Nobody decides on their own payroll profile. Ask another payroll admin.")


class PayrollDecided(Conflict):
    """The profile was decided before."""

    def __init__(self, state: str) -> None:
        super().__init__(f"This payroll profile is {state} already. It can be decided on again when the partner has entered it anew.")


class PayrollChanged(StaleVersion):
    """The profile is not the one that the payroll admin looked at."""

    def __init__(self) -> None:
        super().__init__("This payroll profile was entered anew meanwhile. Read it again and decide on that, with its ETag in If-Match.")


def check_routing_number(digits: str) -> None:
    """Nine digits whose first two are given out and whose check digit fits. Raises RoutingNumberWrong."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    if total % 10 or not any(int(digits[:2]) in prefixes for prefixes in PREFIXES):
        raise RoutingNumberWrong


def etag(revision: int) -> str:
    """The ETag of a profile."""
    return f'"{revision}"'


def check_other(user_id: UUID, by: UUID) -> None:
    """Raises OwnPayroll."""
    if user_id == by:
        raise OwnPayroll


def check_decision(*, state: str, revision: int, expected: str) -> None:
    """Whether a profile that was seen with the ETag `expected` can be decided on. Raises PayrollChanged or PayrollDecided."""
    if expected not in ("*", etag(revision)):
        raise PayrollChanged
    if state != "pending":
        raise PayrollDecided(state)
