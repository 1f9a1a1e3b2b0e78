"""What is refused of passwords."""

from chassis.errors import Malformed, NotAllowed
from zxcvbn_rs_py import zxcvbn

GUESSES_LOG10 = 8.0
"""A password that is found within a hundred million guesses is refused: zxcvbn's own line for what withstands guessing online."""
JUDGED = 24
"""Characters that are judged, the first ones: the estimate's time grows with the cube of the length, and it stops everything else."""
OWN_WORD = 4


class PasswordTooCommon(Malformed):
    """The password is on the lists that are tried first, or follows a pattern that is."""

    def __init__(self) -> None:
        super().__init__(
            "This password is among the first that are guessed. Choose another one, such as four words that do not belong together."
        )


class PasswordNamesYou(Malformed):
    """The password holds the person's own address or name."""

    def __init__(self) -> None:
        super().__init__("This password contains your own name or email address. Choose one that nobody connects with you.")


class PasswordNotRight(NotAllowed):
    """The present password, which a change asks for, is another."""

    def __init__(self) -> None:
        super().__init__("Your present password is not right. Check it and try again.")


def check_new(password: str, email: str, name: str) -> None:
    """Refuses what is guessed early, by zxcvbn's lists and patterns, and what the person is called (NIST SP 800-63B, 3.1.1.2).

    Raises PasswordNamesYou or PasswordTooCommon.
    """
    local = email.partition("@")[0]
    said = _plain(password)
    if any(len(own) >= OWN_WORD and own in said for own in map(_plain, (email, local, name))):
        raise PasswordNamesYou
    if zxcvbn(password[:JUDGED], [email, local, name, *name.split()]).guesses_log10 < GUESSES_LOG10:
        raise PasswordTooCommon


def _plain(text: str) -> str:
    """Letters and digits alone, whatever their case."""
    return "".join(each for each in text.casefold() if each.isalnum())
