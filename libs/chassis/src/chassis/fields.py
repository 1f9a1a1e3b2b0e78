"""Kinds of field that bodies of several services share."""

from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_CONTROL_CHARACTERS)]


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of all IANA zones, read from the disk once: that takes a hundredth of a second, in which nothing else goes on."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in known_zones():
        raise ValueError("is not an IANA time zone; use a name like America/New_York")
    return name


TimeZone = Annotated[str, Field(max_length=64, description="IANA name"), AfterValidator(_known_zone)]
