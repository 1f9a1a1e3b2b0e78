"""Links that come by mail, each good once: what they are for, how long, and how many."""

from datetime import timedelta
from enum import StrEnum

from chassis.errors import Conflict, TooMany

IN_AN_HOUR = 3
"""Mails of one purpose to one person within an hour."""


class Purpose(StrEnum):
    """What a link is for; also the kind of the message that brings it."""

    RESET = "password-reset"
    VERIFICATION = "email-verification"


GOOD_FOR = {Purpose.RESET: timedelta(minutes=30), Purpose.VERIFICATION: timedelta(days=3)}


class LinkNotUsable(Conflict):
    """The token is unknown, was used, or has run out; which of these is nobody's business."""

    def __init__(self) -> None:
        super().__init__("This link has been used or has run out. Ask for a new mail and use the link in it.")


class AddressVerified(Conflict):
    """There is nothing left to verify."""

    def __init__(self) -> None:
        super().__init__("Your email address is verified already. There is nothing left to do.")


class TooManyMails(TooMany):
    """Three mails within an hour are enough."""

    def __init__(self) -> None:
        super().__init__(
            "You were sent several mails within the last hour. Look for them, also among spam, or ask again in an hour.", retry_after=3600
        )
