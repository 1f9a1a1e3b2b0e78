"""Applying, being approved, becoming active (SPEC 3.7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.onboarding import PartnerActivated, PartnerApplied, PartnerApproved
from contracts.people import Role

from onboarding import queries
from onboarding.domain import partners as domain


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
    audit.record(tx, "partner.apply", "partner", who, subject_id=who, after={"role": role})
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
    audit.record(
        tx, "partner.approve", "partner", user_id, subject_id=user_id, before={"status": known.status}, after={"status": "approved"}
    )
    publish(tx, PartnerApproved(**approved._mapping))
    await activate_if_complete(tx, approved, now)


async def activate_if_complete(tx: Transaction, partner: Any, now: datetime) -> None:
    """Makes a locked `partner` (user_id, role, status) active if nothing is missing any more, whichever step came last."""
    of = {"id": partner.user_id, "role": partner.role, "now": now}
    unsigned = await tx.scalar("select unsigned_documents(:id, :role)", of)
    if not domain.is_complete(status=partner.status, unsigned=unsigned):
        return
    active = (
        await tx.execute(
            """update partner set status = 'active', activated_at = :now, revision = revision + 1 where user_id = :id
               returning user_id, role, status, revision, activated_at""",
            of,
        )
    ).one()
    audit.record(tx, "partner.activate", "partner", active.user_id, subject_id=active.user_id, after={"status": "active"})
    publish(tx, PartnerActivated(**active._mapping))
