"""Payroll profiles: entered, approved, rejected (SPEC 3.7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.sealing import Seal

from onboarding import queries
from onboarding.domain import payroll as domain
from onboarding.domain.partners import NotApplied
from onboarding.schemas.payroll import Numbers, PayrollIn

OBJECT = "payroll-profile"
LOCK = "select user_id, state, revision from payroll_profile where user_id = :id for update"
ENTER = """insert into payroll_profile (user_id, payment_type, sealed_routing_number, sealed_account_number, sealed_tax_id,
   routing_last_four, account_last_four, tax_last_four, submitted_at)
 values (:id, :type, :sealed_routing, :sealed_account, :sealed_tax, :routing, :account, :tax, :now)
 on conflict (user_id) do update set payment_type = :type, sealed_routing_number = :sealed_routing,
   sealed_account_number = :sealed_account, sealed_tax_id = :sealed_tax, routing_last_four = :routing, account_last_four = :account,
   tax_last_four = :tax, submitted_at = :now, state = 'pending', reason = null, decided_at = null, decided_by = null,
   revision = payroll_profile.revision + 1
 returning state, revision"""
DECIDED = {"active": "approve", "rejected": "reject"}
DECIDE = """update payroll_profile set state = :state, reason = :reason, decided_at = :now, decided_by = :by, revision = revision + 1
 where user_id = :id"""


async def enter(tx: Transaction, body: PayrollIn, seal: Seal, now: datetime) -> None:
    """The one who acts enters their profile, or enters it anew: it waits for a decision then. Raises RoutingNumberWrong or NotApplied."""
    who, numbers = tx.principal.user_id, body.numbers
    domain.check_routing_number(numbers.routing_number)
    if await queries.partners.own_role(tx) is None:
        raise NotApplied
    was = await tx.first(LOCK, {"id": who})
    given = {"routing": numbers.routing_number, "account": numbers.account_number, "tax": numbers.tax_id}
    sealed = {f"sealed_{name}": seal.close(number) for name, number in given.items()}
    shown = {name: number[-4:] for name, number in given.items()}
    entered = (await tx.execute(ENTER, sealed | shown | {"id": who, "type": body.payment_type, "now": now})).one()
    before = {"state": was.state, "revision": was.revision} if was else None
    audit.record(tx, "payroll-profile.enter", OBJECT, who, subject_id=who, before=before, after=dict(entered._mapping))


async def read_numbers(tx: Transaction, user_id: UUID, seal: Seal) -> tuple[Any, Numbers]:
    """The profile and its numbers in clear, for a payroll admin; that they were read stands in the trail, or nobody is answered.

    Raises PayrollProfileNotFound.
    """
    found = await queries.payroll.sealed(tx, user_id)
    if found is None:
        raise domain.PayrollProfileNotFound
    audit.record(tx, "payroll-numbers.read", OBJECT, user_id, subject_id=user_id, after={"revision": found.revision})
    sealed = (found.sealed_routing_number, found.sealed_account_number, found.sealed_tax_id)
    return found, Numbers(*(seal.open(each) for each in sealed))


async def decide(tx: Transaction, user_id: UUID, state: str, reason: str | None, expected: str, now: datetime) -> None:
    """A payroll admin makes the profile `active` or `rejected`, if it is still the one with the ETag `expected`.

    Raises PayrollProfileNotFound, OwnPayroll, PayrollChanged or PayrollDecided.
    """
    by = tx.principal.user_id
    domain.check_other(user_id, by)
    known = await tx.first(LOCK, {"id": user_id})
    if known is None:
        raise domain.PayrollProfileNotFound
    domain.check_decision(state=known.state, revision=known.revision, expected=expected)
    await tx.execute(DECIDE, {"state": state, "reason": reason, "now": now, "by": by, "id": user_id})
    was = {"state": known.state, "revision": known.revision}
    after = {"state": state, "revision": known.revision + 1}
    audit.record(tx, f"payroll-profile.{DECIDED[state]}", OBJECT, user_id, subject_id=user_id, before=was, after=after)
