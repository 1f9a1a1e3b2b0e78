"""Publishing programs (SPEC 3.8)."""

import json
from datetime import datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.onboarding import ProgramPublished
from contracts.people import Role

from onboarding import queries
from onboarding.domain import programs as domain
from onboarding.domain.partners import check_active
from onboarding.schemas.programs import ProgramIn

INSERT = """insert into program (partner_id, name, time_zone, theory_minutes, practical_minutes, required_minutes_per_week,
   inactivity_days_threshold, daily_cap_minutes, weekly_cap_minutes, submitted_hours_count, reports_verified_only, courses, skills,
   published_at)
 values (:partner_id, :name, :time_zone, :theory_minutes, :practical_minutes, :required_minutes_per_week,
   :inactivity_days_threshold, :daily_cap_minutes, :weekly_cap_minutes, :submitted_hours_count, :reports_verified_only,
   cast(:courses as jsonb), cast(:skills as jsonb), :now) returning program_id, revision"""


async def publish_program(tx: Transaction, body: ProgramIn, now: datetime) -> UUID:
    """Publishes a program of the acting program holder, or of the one whom an administrator names; gives its id.

    Raises ProgramOfAnother, PartnerIdNeeded, PartnerNotFound, PartnerNotActive.
    """
    who = tx.principal
    holder_id = domain.holder_of(partner_id=body.partner_id, who=who.user_id, roles=who.roles)
    holder = await queries.partners.partner(tx, holder_id)
    check_active(Role.PROGRAM_HOLDER, has_role=holder.role if holder else None, status=holder.status if holder else None)
    told = body.model_dump(mode="json") | {"partner_id": holder_id}
    lists = {name: json.dumps(told[name]) for name in ("courses", "skills")}
    made = (await tx.execute(INSERT, told | lists | {"now": now})).one()
    audit.record(tx, "program.publish", "program", made.program_id, after=told)
    publish(tx, ProgramPublished(program_id=made.program_id, revision=made.revision, **told))
    return UUID(str(made.program_id))
