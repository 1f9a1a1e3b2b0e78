"""Payroll profiles."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from onboarding.queries import keyset

SHOWN = """p.user_id, p.payment_type, p.routing_last_four, p.account_last_four, p.tax_last_four, p.state, p.reason, p.revision,
 p.submitted_at, p.decided_at, p.decided_by, n.name"""
PROFILE = f"select {SHOWN} from payroll_profile p left join person n using (user_id)"
SEALED = """select user_id, revision, sealed_routing_number, sealed_account_number, sealed_tax_id from payroll_profile
 where user_id = :id"""


async def profile(tx: Transaction, user_id: UUID) -> Any:
    """The profile with its owner's name, without the sealed numbers; or None."""
    return await tx.first(f"{PROFILE} where p.user_id = :id", {"id": user_id})


async def profiles(tx: Transaction, state: str | None, paging: Paging) -> Sequence[Any]:
    """A page of profiles, by the age of their owners' accounts. Raises CursorNotUsable."""
    return await keyset.read(tx, PROFILE, "p.user_id", {"p.state": state}, paging)


async def sealed(tx: Transaction, user_id: UUID) -> Any:
    """The sealed numbers, which the payroll admin's role alone may read; or None."""
    return await tx.first(SEALED, {"id": user_id})
