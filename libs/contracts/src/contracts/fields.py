"""Kinds of field that mean the same wherever an event carries them."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, PositiveInt

Revision = Annotated[PositiveInt, Field(description="Version of the aggregate; an older one never overwrites a newer")]
Minutes = Annotated[int, Field(ge=0, description="Whole minutes")]
Days = Annotated[int, Field(ge=0, description="Whole days")]
Count = Annotated[int, Field(ge=0, description="How many")]
Percent = Annotated[
    Decimal,
    Field(ge=0, le=100, description="0 to 100, unrounded", json_schema_extra={"format": "decimal", "x-minimum": 0, "x-maximum": 100}),
]
Rating = Annotated[int, Field(ge=1, le=5, description="1 (poor) to 5 (excellent)")]
Instant = AwareDatetime
"""A moment with its offset from UTC; a naive one is refused."""

UserId = Annotated[UUID, Field(description="The person")]
StudentId = Annotated[UUID, Field(description="The person who learns")]
PartnerId = Annotated[UUID, Field(description="The partner: the person who holds the program, trains on the chair or coordinates")]
ProgramId = Annotated[UUID, Field(description="The program")]
EnrollmentId = Annotated[UUID, Field(description="The student's place in the program")]
