"""Partners: from the application to the day on which they are active (SPEC 3.7)."""

from uuid import UUID

from chassis.errors import Conflict, NotAllowed, NotFound


class AlreadyApplied(Conflict):
    """A person is a partner in one role."""

    def __init__(self, role: str, status: str) -> None:
        super().__init__(f"You have applied already, as {role.replace('_', ' ')}; your application is {status}. Go on with its documents.")


class PartnerNotFound(NotFound):
    """No such partner, or none that the one who asks may see."""

    def __init__(self) -> None:
        super().__init__("There is no partner with this id that you may see. Check the id.")


class NotApplied(NotFound):
    """The one who asks has not applied for a partner's role."""

    def __init__(self) -> None:
        super().__init__("You have not applied for a partner's role. Choose one of the role packages and apply first.")


class AlreadyApproved(Conflict):
    """The application was decided before."""

    def __init__(self) -> None:
        super().__init__("This partner is approved already. There is nothing more to decide.")


class OwnApproval(NotAllowed):
    """Nobody approves themselves."""

    def __init__(self) -> None:
        super().__init__("Nobody approves their own application. Ask another administrator.")


class OwnSuspension(NotAllowed):
    """Nobody suspends or reinstates themselves."""

    def __init__(self) -> None:
        super().__init__("Nobody suspends or reinstates themselves as a partner. Ask another administrator.")


class PartnerNotApproved(Conflict):
    """Who was never approved has nothing that could be suspended."""

    def __init__(self) -> None:
        super().__init__("This partner is not approved yet, so there is nothing to suspend. Do not approve the application instead.")


class AlreadySuspended(Conflict):
    """The partner is suspended now."""

    def __init__(self) -> None:
        super().__init__("This partner is suspended already. Read the partner for the reason, or reinstate them.")


class PartnerNotSuspended(Conflict):
    """There is no suspension to lift."""

    def __init__(self) -> None:
        super().__init__("This partner is not suspended, so there is nothing to lift. Read the partner again.")


class PartnerNotActive(Conflict):
    """The person is no active partner in the role that this needs."""

    def __init__(self, role: str) -> None:
        who = role.replace("_", " ")
        super().__init__(f"This needs an active {who}. The partner must be approved in that role and have signed every document first.")


def check_approval(*, partner_id: UUID, status: str, by: UUID) -> None:
    """Raises OwnApproval, AlreadyApproved."""
    if partner_id == by:
        raise OwnApproval
    if status != "pending":
        raise AlreadyApproved


def check_other(*, partner_id: UUID, by: UUID) -> None:
    """Raises OwnSuspension."""
    if partner_id == by:
        raise OwnSuspension


def check_suspension(status: str) -> None:
    """Raises PartnerNotApproved, AlreadySuspended."""
    if status == "pending":
        raise PartnerNotApproved
    if status == "suspended":
        raise AlreadySuspended


def check_reinstatement(status: str) -> None:
    """Raises PartnerNotSuspended."""
    if status != "suspended":
        raise PartnerNotSuspended


def is_complete(*, status: str, unsigned: int) -> bool:
    """Whether an approved partner becomes active now: every document that asks for it is signed in its current version."""
    return status == "approved" and unsigned == 0


def check_active(role: str, *, has_role: str | None, status: str | None) -> None:
    """Raises PartnerNotFound when there is no such partner, PartnerNotActive when they are not active in `role`."""
    if has_role is None:
        raise PartnerNotFound
    if has_role != role or status != "active":
        raise PartnerNotActive(role)
