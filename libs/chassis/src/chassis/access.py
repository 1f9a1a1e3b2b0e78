"""Who may see whose rows, as data that policies read (`schema.VISIBLE`): kept from events, the same way in every service."""

from uuid import UUID

from chassis.database import Transaction


async def grant(tx: Transaction, grant_id: UUID, *, viewer_id: UUID, subject_id: UUID, active: bool, revision: int) -> None:
    """Stores a grant's newest state; an older one never overwrites a newer. With `active` false the viewer loses the rows at once."""
    await tx.execute(
        """insert into access_grant (grant_id, viewer_id, subject_id, active, revision)
           values (:grant_id, :viewer_id, :subject_id, :active, :revision)
           on conflict (grant_id) do update set viewer_id = excluded.viewer_id, subject_id = excluded.subject_id,
             active = excluded.active, revision = excluded.revision where access_grant.revision < excluded.revision""",
        {"grant_id": grant_id, "viewer_id": viewer_id, "subject_id": subject_id, "active": active, "revision": revision},
    )


async def viewers(tx: Transaction, subject_id: UUID) -> list[UUID]:
    """Who may see the subject's rows now."""
    found = await tx.all("select distinct viewer_id from access_grant where subject_id = :id and active", {"id": subject_id})
    return [row.viewer_id for row in found]
