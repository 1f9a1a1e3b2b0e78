"""Kinds of field that several bodies share."""

from typing import Annotated

from pydantic import Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00]*$")]
Hours = Annotated[str, Field(description="Decimal hours with two places, e.g. `1.50`", examples=["1.50"])]
