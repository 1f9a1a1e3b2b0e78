"""Applying, being approved, becoming active, being suspended and coming back (SPEC 3.7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.onboarding import PartnerActivated, PartnerApplied, PartnerApproved, PartnerSuspended
from contracts.people import Role

from onboarding import queries
from onboarding.domain import partners as domain

SUSPEND = """update partner set status = 'suspended', suspended_at = :now, suspended_by = :by, suspension_reason = :reason,
   revision = revision + 1 where user_id = :id returning user_id, role, status, revision, suspended_at, suspended_by"""
REINSTATE = """update partner set status = 'approved', approved_at = :now, approved_by = :by, suspended_at = null, suspended_by = null,
   suspension_reason = null, revision = revision + 1 where user_id = :id
 returning user_id, role, status, revision, approved_at, approved_by"""


async def apply(tx: Transaction, role: Role, now: datetime) -> None:
    """The one who acts applies for `role`. Raises AlreadyApplied."""
    who = tx.principal.user_id
    made = await tx.first(
        """insert into partner (user_id, role, applied_at) values (:id, :role, :now)
           on conflict (user_id) do nothing returning user_id, role, status, revision, applied_at""",
        {"id": who, "role": role, "now": now},
    )
    if made is None:
        known = await queries.partners.partner(tx, who)
        raise domain.AlreadyApplied(known.role, known.status)
    audit.record(tx, "partner.apply", "partner", who, subject_id=who, after={"role": role, "status": made.status})
    publish(tx, PartnerApplied(**made._mapping))


async def lock(tx: Transaction, user_id: UUID) -> Any:
    """The partner, locked until the transaction ends; None if there is none that may be changed."""
    return await tx.first("select * from partner where user_id = :id for update", {"id": user_id})


async def approve(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """An administrator approves. Raises PartnerNotFound, OwnApproval, AlreadyApproved."""
    by = tx.principal.user_id
    known = await lock(tx, user_id)
    if known is None:
        raise domain.PartnerNotFound
    domain.check_approval(partner_id=user_id, status=known.status, by=by)
    approved = (
        await tx.execute(
            """update partner set status = 'approved', approved_at = :now, approved_by = :by, revision = revision + 1 where user_id = :id
               returning user_id, role, status, revision, approved_at, approved_by""",
            {"now": now, "by": by, "id": user_id},
        )
    ).one()
    _note(tx, "approve", known, approved)
    publish(tx, PartnerApproved(**approved._mapping))
    await activate_if_complete(tx, approved, now)


async def suspend(tx: Transaction, user_id: UUID, reason: str, now: datetime) -> None:
    """An administrator takes the role away until it is given back; assignments stay as they are.

    Raises PartnerNotFound, OwnSuspension, PartnerNotApproved, AlreadySuspended.
    """
    known = await _lock_other(tx, user_id)
    domain.check_suspension(known.status)
    suspended = (await tx.execute(SUSPEND, {"id": user_id, "reason": reason, "by": tx.principal.user_id, "now": now})).one()
    _note(tx, "suspend", known, suspended)
    publish(tx, PartnerSuspended(**suspended._mapping))


async def reinstate(tx: Transaction, user_id: UUID, now: datetime) -> None:
    """An administrator lifts the suspension: who has signed everything is active at once, anyone else is approved and has papers to sign.

    Raises PartnerNotFound, OwnSuspension, PartnerNotSuspended.
    """
    known = await _lock_other(tx, user_id)
    domain.check_reinstatement(known.status)
    back = (await tx.execute(REINSTATE, {"id": user_id, "by": tx.principal.user_id, "now": now})).one()
    _note(tx, "reinstate", known, back)
    if not await activate_if_complete(tx, back, now):
        publish(tx, PartnerApproved(**back._mapping))


async def _lock_other(tx: Transaction, user_id: UUID) -> Any:
    domain.check_other(partner_id=user_id, by=tx.principal.user_id)
    known = await lock(tx, user_id)
    if known is None:
        raise domain.PartnerNotFound
    return known


def _note(tx: Transaction, verb: str, was: Any, becomes: Any) -> None:
    before, after = {"status": was.status}, {"status": becomes.status}
    audit.record(tx, f"partner.{verb}", "partner", becomes.user_id, subject_id=becomes.user_id, before=before, after=after)


async def activate_if_complete(tx: Transaction, partner: Any, now: datetime) -> bool:
    """Makes a locked `partner` (user_id, role, status) active if nothing is missing any more, whichever step came last; says whether."""
    of = {"id": partner.user_id, "role": partner.role, "now": now}
    unsigned = await tx.scalar("select unsigned_documents(:id, :role)", of)
    if not domain.is_complete(status=partner.status, unsigned=unsigned):
        return False
    active = (
        await tx.execute(
            """update partner set status = 'active', activated_at = :now, revision = revision + 1 where user_id = :id
               returning user_id, role, status, revision, activated_at""",
            of,
        )
    ).one()
    _note(tx, "activate", partner, active)
    publish(tx, PartnerActivated(**active._mapping))
    return True
