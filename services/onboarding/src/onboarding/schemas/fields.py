"""Kinds of field that several bodies share."""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_CONTROL_CHARACTERS)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Minutes = Annotated[int, Field(ge=0, le=1_000_000, description="Whole minutes")]


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("is not an IANA time zone; use a name like America/New_York")
    return name


TimeZone = Annotated[str, Field(max_length=64, description="IANA name"), AfterValidator(_known_zone)]


def _hours(minutes: int) -> str:
    return str((Decimal(minutes) / 60).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


Hours = Annotated[int, PlainSerializer(_hours, return_type=str), Field(description="Minutes in, decimal hours with two places out")]


def filled(model: type[Any], row: Any, **more: Any) -> dict[str, Any]:
    """What of `model`'s fields a row has, and `more`."""
    return {name: getattr(row, name) for name in model.model_fields if hasattr(row, name)} | more
