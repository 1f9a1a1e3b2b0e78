"""What skills holds of a person, for the export of their data: their services, and the photos of them."""

from collections.abc import Mapping
from uuid import UUID

from chassis.database import Transaction
from chassis.records import Holdings, Owned

from skills import queries


async def photos(tx: Transaction, student_id: UUID) -> Mapping[str, str]:
    """Where the student gets each photo, by the name that it has in an archive."""
    rows = await queries.entries_of(tx, student_id)
    return {
        f"{row.performed_at:%Y-%m-%d}-{row.entry_id}-{kind}.jpg": f"/v1/entries/{row.entry_id}/photos/{kind}"
        for row in rows
        for kind in ("before", "after")
        if getattr(row, f"{kind}_photo")
    }


HOLDINGS = Holdings(
    tables={"enrollment": Owned("student_id = :id"), "entry": Owned("student_id = :id or decided_by = :id")},
    kept_back={"program": "catalogues of programs, the same for everybody"},
    files=photos,
)
