"""Second factors: what is refused, and how often one may try (SPEC 3.10, RFC 6238)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from chassis.auth import END_IN_THEIR_TIME
from chassis.errors import Conflict, Malformed, NotAllowed, NotFound, NotSignedIn, TooMany

CHALLENGE_FOR = timedelta(minutes=5)
TRIES, TRIES_WITHIN = 10, timedelta(minutes=15)
RECOVERY_CODES = 10
STEP_SECONDS = 30
PASSWORD, OTP, RECOVERY, MULTIPLE = "pwd", "otp", "recovery", "mfa"
"""How one signed in, as the claim `amr` says it (RFC 8176; `recovery` is our own)."""


ENROLL = "second-factor:enroll"
"""The scope of the operations that enroll a factor. No machine client can be given it."""


class SecondFactorRequired(NotSignedIn):
    """The password was right, and the account has a second factor. `challenge` stands for that sign-in."""

    def __init__(self, challenge: str, factors: Collection[str]) -> None:
        super().__init__(
            "Enter the code of your authenticator app or a recovery code, or sign in with a passkey.",
            challenge=challenge,
            expires_in=int(CHALLENGE_FOR.total_seconds()),
            factors=sorted(factors),
        )


class SecondFactorRefused(NotSignedIn):
    """A wrong code, or one that was used before."""

    def __init__(self) -> None:
        super().__init__("This code is not right, or was used before. Wait for the next one, or use a recovery code.")


class ChallengeOver(NotSignedIn):
    """The challenge is unknown, expired, or was used."""

    def __init__(self) -> None:
        super().__init__("This sign-in took too long or is over. Sign in again.")


class TooManyCodes(TooMany):
    """Codes were wrong too often lately; the password is known to whoever tries."""

    def __init__(self) -> None:
        super().__init__("Codes were wrong too often. Wait a quarter of an hour, then sign in again.")


class CodeWrong(Malformed):
    """The code that is to confirm a new authenticator app is not one of its."""

    def __init__(self) -> None:
        super().__init__("This is not the code that the app shows now. Check the clock of the device and enter the next one.")


class TotpThere(Conflict):
    """There is an authenticator app already."""

    def __init__(self) -> None:
        super().__init__("You have an authenticator app already. Remove it first, then begin again.")


class TotpNotBegun(Conflict):
    """Nothing is there to confirm."""

    def __init__(self) -> None:
        super().__init__("There is no new authenticator app to confirm. Begin with POST /v1/me/totp.")


class TotpNotFound(NotFound):
    """There is no authenticator app."""

    def __init__(self) -> None:
        super().__init__("You have no authenticator app.")


class SecondFactorNeeded(NotAllowed):
    """The session was begun without a second factor, and this touches one."""

    def __init__(self) -> None:
        super().__init__("Sign in again with your second factor, then do this.")


def check_changeable(has_factor: bool, methods: Collection[str]) -> None:
    """Whether a session that was begun by `methods` may add or remove factors: one that is there has to be proven.

    Raises SecondFactorNeeded.
    """
    if has_factor and MULTIPLE not in methods:
        raise SecondFactorNeeded


def is_open(*, used_at: datetime | None, expires_at: datetime, now: datetime) -> bool:
    """Whether a challenge can still be answered."""
    return used_at is None and now < expires_at


def check_tries(failures: int) -> None:
    """Whether somebody with so many wrong codes within TRIES_WITHIN may try again. Raises TooManyCodes."""
    if failures >= TRIES:
        raise TooManyCodes


def must_enroll(kind: str, methods: Collection[str], *, required: bool) -> bool:
    """Whether a session of somebody of this kind opens the enrolment of a factor alone: whose end counts at once need one."""
    return required and kind not in END_IN_THEIR_TIME and MULTIPLE not in methods


class LastFactor(Conflict):
    """Somebody who needs a second factor has this one alone."""

    def __init__(self) -> None:
        super().__init__("This is your last second factor, and you need one. Add another first, then remove this one.")
