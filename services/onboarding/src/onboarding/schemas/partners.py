"""Role packages and partners."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from chassis.fields import Line
from contracts.people import Role
from pydantic import BaseModel, Field

from onboarding.schemas.fields import filled

PartnerRole = Annotated[Literal["program_holder", "worksite", "site_coordinator"], Field(description="What a partner is to be")]
Status = Literal["pending", "approved", "active", "suspended"]


class PayModel(BaseModel):
    """How a role is paid. Of type `percentage`: whole percent and no currency; of type `flat`: cents of `currency`."""

    type: Literal["percentage", "flat"]
    default: int
    min: int
    max: int
    currency: str | None
    basis: str = Field(description="What the amount is of or for, in words")


class RolePackageOut(BaseModel):
    """What a role is, before one applies for it."""

    role: PartnerRole
    title: str
    subtitle: str
    description: str
    responsibilities: list[str]
    can_do: list[str]
    cannot_do: list[str]
    requirements: list[str]
    pay_model: PayModel

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.partners`."""
        pay = PayModel(**{name: getattr(row, f"pay_{name}") for name in PayModel.model_fields})
        return cls(**filled(cls, row), pay_model=pay)


class PartnerIn(BaseModel):
    """An application."""

    role: PartnerRole

    @property
    def wanted(self) -> Role:
        """The role as events name it."""
        return Role(self.role)


class SuspensionIn(BaseModel):
    """Why a role is taken away, for the partner to read."""

    reason: Line


class PartnerOut(BaseModel):
    """A partner. `name` and `email` are null until identity has told them, what is said of a suspension unless there is one now."""

    user_id: UUID
    role: PartnerRole
    status: Status
    name: str | None
    email: str | None
    applied_at: datetime
    approved_at: datetime | None
    approved_by: UUID | None
    activated_at: datetime | None
    suspended_at: datetime | None
    suspended_by: UUID | None
    suspension_reason: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.partners`."""
        return cls(**filled(cls, row))
