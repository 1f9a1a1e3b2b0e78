"""Reading imports."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from compliance.domain.imports import ImportNotKnown

PROBLEMS = """select line, type, detail from hour_import_problem where import_id = :id and line > :after order by line limit :n"""
ROWS = "select line, row from hour_import_row where import_id = :id and line > :after order by line limit :n"


async def one(tx: Transaction, import_id: UUID) -> Any:
    """The import. Raises ImportNotKnown."""
    row = await tx.first("select * from hour_import where import_id = :id", {"id": import_id})
    if row is None:
        raise ImportNotKnown("There is no such import of yours. Take the address from the answer to the file.")
    return row


async def problems(tx: Transaction, import_id: UUID, paging: Paging) -> Sequence[Any]:
    """The rows that were refused; one more than the page holds."""
    last = paging.values(int)
    return await tx.all(PROBLEMS, {"id": import_id, "after": last[0] if last else 0, "n": paging.limit + 1})


async def rows(tx: Transaction, import_id: UUID, after: int, limit: int) -> Sequence[Any]:
    """The next rows of the file after a line, with their JSON."""
    return await tx.all(ROWS, {"id": import_id, "after": after, "n": limit})
