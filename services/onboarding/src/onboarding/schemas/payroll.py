"""Payroll profiles."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from chassis.fields import Line
from pydantic import AfterValidator, BaseModel, Field, SecretStr

from onboarding.schemas.fields import filled

State = Literal["pending", "active", "rejected"]
PaymentType = Literal["ach"]


@dataclass(frozen=True)
class Numbers:
    """Tax and bank numbers in clear, digits alone; nothing prints them."""

    routing_number: str = field(repr=False)
    account_number: str = field(repr=False)
    tax_id: str = field(repr=False)


def _form(pattern: str, said: str) -> AfterValidator:
    """Lets through what has the form; what was sent is in no complaint about it."""

    def check(given: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, given.get_secret_value()):
            raise ValueError(said)
        return given

    return AfterValidator(check)


ROUTING, ACCOUNT, TAX = "[0-9]{9}", "[0-9]{6,17}", "[0-9]{9}|[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{2}-[0-9]{7}"
RoutingNumber = Annotated[
    SecretStr,
    Field(json_schema_extra={"pattern": f"^{ROUTING}$", "examples": ["021000021"]}, description="Nine digits, the last one checks them"),
    _form(ROUTING, "is not nine digits"),
]
AccountNumber = Annotated[
    SecretStr,
    Field(json_schema_extra={"pattern": f"^{ACCOUNT}$", "examples": ["000123456789"]}, description="6 to 17 digits"),
    _form(ACCOUNT, "is not 6 to 17 digits"),
]
TaxId = Annotated[
    SecretStr,
    Field(json_schema_extra={"pattern": f"^({TAX})$", "examples": ["900-12-3456"]}, description="The number on the W-9: SSN, ITIN or EIN"),
    _form(TAX, "is not nine digits, written as 123-45-6789, 12-3456789 or without a hyphen"),
]


class PayrollIn(BaseModel):
    """How one is paid: into a bank account (ACH)."""

    payment_type: PaymentType = "ach"
    routing_number: RoutingNumber
    account_number: AccountNumber
    tax_id: TaxId

    @property
    def numbers(self) -> Numbers:
        """As they are stored."""
        given = (self.routing_number, self.account_number, self.tax_id)
        return Numbers(*(each.get_secret_value().replace("-", "") for each in given))


class RejectionIn(BaseModel):
    """Why a profile is rejected, for its owner to read."""

    reason: Line


class PayrollOut(BaseModel):
    """A payroll profile with the last four digits of its numbers. `name` is null until identity has told it."""

    user_id: UUID
    name: str | None
    payment_type: PaymentType
    routing_last_four: str
    account_last_four: str
    tax_last_four: str
    state: State
    reason: str | None
    submitted_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.payroll`."""
        return cls(**filled(cls, row))


class NumbersOut(BaseModel):
    """Tax and bank numbers in clear."""

    user_id: UUID
    routing_number: str
    account_number: str
    tax_id: str

    @classmethod
    def of(cls, user_id: UUID, numbers: Numbers) -> Self:
        """Of one person."""
        return cls(user_id=user_id, routing_number=numbers.routing_number, account_number=numbers.account_number, tax_id=numbers.tax_id)
