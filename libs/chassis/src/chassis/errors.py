"""Refusals that know no HTTP. A service's `domain.py` subclasses these; `problems.py` turns them into answers.

The class name is the stable problem type (`DayIsFull` -> `/problems/day-is-full`), the message is the sentence for the person.
"""

import re
from typing import Any


class Refusal(Exception):
    """Something that was asked for and is not done. `sentence` says what to do; `extra` goes into the problem document as it is."""

    def __init__(self, sentence: str, **extra: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.extra = extra

    @classmethod
    def problem_type(cls) -> str:
        """The stable name of this refusal, e.g. `day-is-full`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class Malformed(Refusal):
    """The request does not have the form that it must have."""


class NotSignedIn(Refusal):
    """No valid proof of who asks."""


class NotAllowed(Refusal):
    """The one who asks is known and may not do this."""


class NotFound(Refusal):
    """There is no such thing, or none that the one who asks may see."""


class Conflict(Refusal):
    """A rule of the domain forbids it as things stand."""


class StaleVersion(Refusal):
    """Someone else changed it first."""


class TooMany(Refusal):
    """Too often, or too much at once."""


class Unavailable(Refusal):
    """Something that is needed does not answer just now; it can be tried again."""
