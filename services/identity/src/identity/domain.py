"""The rules of people and sessions (SPEC 3.10): what is refused, what a person acts as, what a refresh token is still good for."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum

from chassis.errors import Conflict, NotFound, NotSignedIn
from contracts.people import PARTNER_ROLES, Role

ACCESS_FOR = timedelta(minutes=10)
REFRESH_FOR = timedelta(days=30)


class EmailTaken(Conflict):
    """Another account has this address, whatever its case."""

    def __init__(self) -> None:
        super().__init__("There is an account with this email address already. Sign in, or use another address.")


class UserNotFound(NotFound):
    """There is no such user, or the one who asks may not see them."""

    def __init__(self) -> None:
        super().__init__("There is no user with this id that you may see. Check the id.")


class SignInRefused(NotSignedIn):
    """The same for an unknown account, a wrong password and a closed account: nobody learns who has one."""

    def __init__(self) -> None:
        super().__init__("The email address or the password is not right. Check both and try again.")


class SessionOver(NotSignedIn):
    """The refresh token is unknown, expired, used before, or its session has ended."""

    def __init__(self) -> None:
        super().__init__("This session is over. Sign in again.")


class RoleNotGrantable(ValueError):
    """An event names a role that onboarding cannot grant."""


class AccountIsNoAdmin(Exception):
    """An account that is to be made an administrator is there, and is none."""


class RefreshToken(Enum):
    """What a presented refresh token is."""

    GOOD = "good"
    REUSED = "reused"
    OVER = "over"


def judge(*, used_at: datetime | None, expires_at: datetime, ended_at: datetime | None, now: datetime) -> RefreshToken:
    """What a refresh token is good for at `now`. One that was used before was copied: its whole session must end."""
    if ended_at is not None:
        return RefreshToken.OVER
    if used_at is not None:
        return RefreshToken.REUSED
    return RefreshToken.GOOD if now < expires_at else RefreshToken.OVER


def kind_of(roles: Collection[str]) -> str:
    """The kind of principal that a person with these roles acts as."""
    if Role.ADMIN in roles:
        return "admin"
    return "partner" if any(role in roles for role in PARTNER_ROLES) else "student"


def check_grantable(role: Role) -> None:
    """Onboarding grants partners' roles and no other. Raises RoleNotGrantable."""
    if role not in PARTNER_ROLES:
        raise RoleNotGrantable(f"onboarding cannot grant the role {role}")
