"""Kinds of field that several bodies share."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Minutes = Annotated[int, Field(ge=0, le=1_000_000, description="Whole minutes")]


def _hours(minutes: int) -> str:
    return str((Decimal(minutes) / 60).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


Hours = Annotated[int, PlainSerializer(_hours, return_type=str), Field(description="Minutes in, decimal hours with two places out")]


def filled(model: type[Any], row: Any, **more: Any) -> dict[str, Any]:
    """What of `model`'s fields a row has, and `more`."""
    return {name: getattr(row, name) for name in model.model_fields if hasattr(row, name)} | more
