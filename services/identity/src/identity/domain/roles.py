"""What is refused of the roles that administrators grant (SPEC, people; 3.10)."""

from collections.abc import Collection
from uuid import UUID

from chassis.errors import Conflict, NotAllowed
from contracts.people import StaffRole


class OwnRoles(NotAllowed):
    """Nobody raises themselves, and an administrator is always left."""

    def __init__(self) -> None:
        super().__init__("Nobody grants or withdraws a role of their own. Ask another administrator.")


class RolesApart(Conflict):
    """Who sees everything else must not read tax and bank numbers."""

    def __init__(self) -> None:
        super().__init__("Nobody is administrator and payroll admin at once. Withdraw the other role first, or name somebody else.")


class AccountNotActive(Conflict):
    """The account was closed."""

    def __init__(self) -> None:
        super().__init__("This account is closed, and a closed account is granted no role. Name somebody else.")


class AdministratorNoMore(NotAllowed):
    """The one who acts has just lost the role that lets them."""

    def __init__(self) -> None:
        super().__init__("You are no administrator any more. Ask one.")


def check_other(user_id: UUID, by: UUID) -> None:
    """Raises OwnRoles."""
    if user_id == by:
        raise OwnRoles


def check_acting(roles: Collection[str]) -> None:
    """Whether somebody with these roles may grant and withdraw. Raises AdministratorNoMore."""
    if StaffRole.ADMIN not in roles:
        raise AdministratorNoMore


def check_grant(role: StaffRole, *, roles: Collection[str], status: str) -> None:
    """Whether somebody with these roles can be granted `role`. Raises AccountNotActive or RolesApart."""
    if status != "active":
        raise AccountNotActive
    if any(other in roles for other in StaffRole if other != role):
        raise RolesApart
