"""What the gate takes for a breaking change, shown on small event classes (SPEC 2, versioning)."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from contracts.event import Value
from contracts.fields import Instant, Percent
from dev.contracts.compat import breaks
from dev.contracts.schemas import schema_of
from pydantic import Field

STYLES = ["fade", "taper"]


def enum(*names: str) -> Any:
    """An enumeration of these values, always under the same name."""
    return StrEnum("Style", {name.upper(): name for name in names})  # type: ignore[misc]


def part(**fields: Any) -> Any:
    """A nested value with these annotations; a default where one is given as a pair."""
    kinds = {name: field[0] if isinstance(field, tuple) else field for name, field in fields.items()}
    defaults = {name: field[1] for name, field in fields.items() if isinstance(field, tuple)}
    return type("Client", (Value,), {"__annotations__": kinds, "__doc__": "Who sat on the chair.", "__module__": __name__, **defaults})


def number(**limits: Any) -> Any:
    """A whole number within limits."""
    return Annotated[int, Field(**limits)]


OLD_CONSUMER = "an old consumer refuses what a new producer may write"
OLD_HISTORY = "a new consumer refuses what old history may hold"
NEW = "is new and required, and old history does not hold it"

REFUSED: dict[str, tuple[Any, Any, str]] = {
    "required field added": (None, (int, ...), f"`x` {NEW}"),
    "required field removed": ((int, ...), None, "`x` is gone, and an old consumer needs it"),
    "optional field removed": ((int, 1), None, "`x` is gone, and an old consumer would silently miss it"),
    "required made optional": ((int, ...), (int, 1), "`x` was always there and may be missing now"),
    "optional made required": ((int, 1), (int, ...), "`x` may be missing in old history and is required now"),
    "another type": ((int, ...), (str, ...), "`x` was integer and is string"),
    "wider type": ((int, ...), (float, ...), OLD_CONSUMER),
    "narrower type": ((float, ...), (int, ...), OLD_HISTORY),
    "number to decimal": ((float, ...), (Decimal, ...), OLD_CONSUMER),
    "null allowed": ((int, ...), (int | None, ...), OLD_CONSUMER),
    "null forbidden": ((int | None, ...), (int, ...), OLD_HISTORY),
    "enum widened": ((enum(*STYLES), ...), (enum(*STYLES, "shave"), ...), OLD_CONSUMER),
    "enum narrowed": ((enum(*STYLES), ...), (enum("fade"), ...), OLD_HISTORY),
    "literal widened": ((Literal["fade"], ...), (Literal["fade", "taper"], ...), OLD_CONSUMER),
    "enum opened to any text": ((enum(*STYLES), ...), (str, ...), OLD_CONSUMER),
    "text closed to an enum": ((str, ...), (enum(*STYLES), ...), OLD_HISTORY),
    "optional enum widened": ((enum(*STYLES) | None, None), (enum(*STYLES, "shave") | None, None), OLD_CONSUMER),
    "limit raised": ((number(ge=0), ...), (number(ge=1), ...), OLD_HISTORY),
    "limit lowered": ((number(ge=1), ...), (number(ge=0), ...), OLD_CONSUMER),
    "limit of percent dropped": ((Percent, ...), (Decimal, ...), "`x` was decimal in a string, 0 to 100"),
    "shorter text": ((Annotated[str, Field(max_length=9)], ...), (Annotated[str, Field(max_length=8)], ...), OLD_HISTORY),
    "other pattern": ((Annotated[str, Field(pattern="^a+$")], ...), (Annotated[str, Field(pattern="^a*$")], ...), "follows other rules"),
    "text closed to ids": ((str, ...), (UUID, ...), "`x` was string and is UUID"),
    "day to moment": ((date, ...), (Instant, ...), "`x` was date and is instant"),
    "items of a list": ((tuple[int, ...], ...), (tuple[str, ...], ...), "`x[]` was integer and is string"),
    "values of a map": ((dict[str, int], ...), (dict[str, str], ...), "`x[]` was integer and is string"),
    "names of a map": ((dict[str, int], ...), (dict[UUID, int], ...), OLD_HISTORY),
    "part of a map": ((dict[str, part(a=int)], ...), (dict[str, part(a=int, b=int)], ...), f"`x[].b` {NEW}"),
    "longer list": ((Annotated[tuple[int, ...], Field(max_length=2)], ...), (tuple[int, ...], ...), OLD_CONSUMER),
    "list to one": ((tuple[int, ...], ...), (int, ...), "`x` was list of integer and is integer"),
    "nested field required": ((part(a=int), ...), (part(a=int, b=int), ...), f"`x.b` {NEW}"),
    "nested field removed": ((part(a=int, b=int), ...), (part(a=int), ...), "`x.b` is gone"),
    "enum nested in a list": ((tuple[part(a=enum("fade")), ...], ...), (tuple[part(a=enum(*STYLES)), ...], ...), "`x[].a` was `fade` and"),
}  # fmt: skip

ALLOWED: dict[str, tuple[Any, Any]] = {
    "nothing": ((int, ...), (int, ...)),
    "optional field added": (None, (int, 1)),
    "optional field that may be null added": (None, (enum(*STYLES) | None, None)),
    "optional field added to a part": ((part(a=int), ...), (part(a=int, b=(int | None, None)), ...)),
    "optional field added to the parts of a list": ((tuple[part(a=int), ...], ...), (tuple[part(a=int, b=(int, 0)), ...], ...)),
    "optional field added to the parts of a map": ((dict[str, part(a=int)], ...), (dict[str, part(a=int, b=(int, 0))], ...)),
    "optional field added to a part that may be null": ((part(a=int) | None, None), (part(a=int, b=(int, 0)) | None, None)),
    "enum in another order": ((enum("fade", "taper"), ...), (enum("taper", "fade"), ...)),
    "enum said as a literal": ((enum(*STYLES), ...), (Literal["fade", "taper"], ...)),
    "limit said otherwise": ((number(gt=0), ...), (number(ge=1), ...)),
    "another default": ((int, 1), (int, 2)),
}


def broken(make: Any, old: Any, new: Any) -> list[str]:
    """What breaks when the field `x` changes from one to the other; None: it is not there."""
    before, after = (schema_of(make(**({} if field is None else {"x": field}))) for field in (old, new))
    return breaks(before, after)


@pytest.mark.parametrize(("old", "new", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(make: Any, old: Any, new: Any, sentence: str) -> None:
    found = broken(make, old, new)
    assert found, "the change went through"
    assert sentence in " ".join(found)


@pytest.mark.parametrize(("old", "new"), ALLOWED.values(), ids=ALLOWED)
def test_allowed(make: Any, old: Any, new: Any) -> None:
    assert broken(make, old, new) == []


def test_another_meaning_in_words_is_allowed(make: Any) -> None:
    schema = schema_of(make())
    assert breaks(schema, {**schema, "description": "A cut, or two."}) == []


def test_another_key_is_refused(make: Any) -> None:
    old, new = make(chair_id=(UUID, ...)), make(chair_id=(UUID, ...), key="chair_id")
    assert "the key was `cut_id` and is `chair_id`" in breaks(schema_of(old), schema_of(new))[0]
