"""What is refused of passkeys (SPEC 3.10)."""

from datetime import timedelta

from chassis.errors import Malformed, NotFound, NotSignedIn

CHALLENGE_FOR = timedelta(minutes=5)
METHODS = ("pop", "user", "mfa")
"""A key that only the device has, and the person who unlocks it: two factors in one (RFC 8176)."""


class PasskeyNotUsable(Malformed):
    """What should become a passkey proves nothing, or answers no challenge of the last five minutes."""

    def __init__(self) -> None:
        super().__init__("This passkey cannot be taken. Begin again, and answer within five minutes.")


class PasskeyRefused(NotSignedIn):
    """The same for an unknown passkey, a wrong signature, a counter that went back and a closed account."""

    def __init__(self) -> None:
        super().__init__("This passkey does not sign in here. Begin again, or sign in with your password.")


class PasskeyNotFound(NotFound):
    """There is no such passkey, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("You have no passkey with this id. Check the id.")
