"""What is refused of sessions, and what a refresh token is still good for."""

from datetime import datetime, timedelta
from enum import Enum

from chassis.errors import NotAllowed, NotFound, NotSignedIn

ACCESS_FOR = timedelta(minutes=10)
REFRESH_FOR = timedelta(days=30)
FRESH_FOR = timedelta(minutes=10)
"""How long after a sign-in its session may do what cannot be undone, or what shuts its owner out."""


class SignInRefused(NotSignedIn):
    """The same for an unknown account, a wrong password and a closed account: nobody learns who has one."""

    def __init__(self) -> None:
        super().__init__("The email address or the password is not right. Check both and try again.")


class SessionOver(NotSignedIn):
    """The refresh token is unknown, expired, used before, or its session has ended."""

    def __init__(self) -> None:
        super().__init__("This session is over. Sign in again.")


class SessionNotFound(NotFound):
    """The one who asks has no such session."""

    def __init__(self) -> None:
        super().__init__("You have no session with this id. Look at the list of your sessions.")


class SignInAgain(NotAllowed):
    """The session began too long ago for what is asked: whoever has a copied token shall not do it."""

    def __init__(self) -> None:
        super().__init__("For this we have to be sure that it is you. Sign in again, then do it within ten minutes.")


def check_fresh(started_at: datetime | None, now: datetime) -> None:
    """Whether a session that began then (None: there is none) is fresh. Raises SignInAgain."""
    if started_at is None or now - started_at > FRESH_FOR:
        raise SignInAgain


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
