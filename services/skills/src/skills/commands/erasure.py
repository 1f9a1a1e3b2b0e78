"""A student who was erased: their services stay as a record, without photos and without what anybody wrote (decision 14)."""

from uuid import UUID

from chassis import erasure
from chassis.database import Transaction

BARE = """update entry set description = null, feedback = null, client_identifier = '', before_photo = null, after_photo = null
 where student_id = :id"""


async def erase(tx: Transaction, user_id: UUID) -> None:
    """Leaves kind, date, length, marks and decisions. The photos' files are gone by then."""
    await tx.execute(BARE, {"id": user_id})
    await erasure.scrub(tx, user_id)
