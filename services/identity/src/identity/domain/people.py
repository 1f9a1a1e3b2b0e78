"""What is refused of accounts and roles, and what a person acts as."""

from collections.abc import Collection

from chassis.errors import Conflict, NotFound, StaleVersion
from contracts.people import PARTNER_ROLES, Role, StaffRole


class EmailTaken(Conflict):
    """Another account has this address, whatever its case."""

    def __init__(self) -> None:
        super().__init__("There is an account with this email address already. Sign in, or use another address.")


class UserNotFound(NotFound):
    """There is no such user, or the one who asks may not see them."""

    def __init__(self) -> None:
        super().__init__("There is no user with this id that you may see. Check the id.")


class ProfileChanged(StaleVersion):
    """The account is not what the one who changes it saw."""

    def __init__(self) -> None:
        super().__init__("This account was changed meanwhile. Read it again and repeat your change, with the new ETag in If-Match.")


class OwnAccount(Conflict):
    """Administrators do not deactivate themselves, so that one is always left."""

    def __init__(self) -> None:
        super().__init__("You cannot deactivate your own account. Ask another administrator.")


class RoleNotGrantable(ValueError):
    """An event names a role that onboarding cannot grant."""


class AccountIsNoAdmin(Exception):
    """An account that is to be made an administrator is there, and is none."""


def kind_of(roles: Collection[str]) -> str:
    """The kind of principal that a person with these roles acts as."""
    for staff in StaffRole:
        if staff in roles:
            return str(staff)
    return "partner" if any(role in roles for role in PARTNER_ROLES) else "student"


def acting_roles(roles: Collection[str]) -> list[str]:
    """The roles of a person's access tokens: a payroll admin is that alone, whatever else they were granted."""
    return [StaffRole.PAYROLL_ADMIN] if kind_of(roles) == StaffRole.PAYROLL_ADMIN else list(roles)


def check_grantable(role: Role) -> None:
    """Onboarding grants partners' roles and no other. Raises RoleNotGrantable."""
    if role not in PARTNER_ROLES:
        raise RoleNotGrantable(f"onboarding cannot grant the role {role}")
