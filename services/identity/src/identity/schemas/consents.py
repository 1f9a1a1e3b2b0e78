"""Consents."""

from datetime import datetime
from typing import Annotated, Any, Self

from chassis.fields import NO_CONTROL_CHARACTERS
from contracts.people import Purpose
from pydantic import BaseModel, StringConstraints

Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=NO_CONTROL_CHARACTERS)]


class ConsentGiven(BaseModel):
    """What is consented to; `wording` is the sentence that the person was shown."""

    purpose: Purpose
    wording: Wording


class ConsentOut(BaseModel):
    """A consent as it stands; `given` is false once it was withdrawn, `changed_at` is in UTC."""

    purpose: Purpose
    given: bool
    wording: str
    changed_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `consent`."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})
