"""Lists in the order in which things came to be."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

FIRST = UUID(int=0)


async def read(tx: Transaction, select: str, id_column: str, wanted: Mapping[str, Any], paging: Paging) -> Sequence[Any]:
    """A page (and one row more) of `select`, which has no where-clause, by `id_column`; of `wanted` (column: value) what is not None.

    Raises CursorNotUsable.
    """
    [after] = paging.values(UUID) or [FIRST]
    given = {column: value for column, value in wanted.items() if value is not None}
    named = {f"p{number}": value for number, value in enumerate(given.values())}
    where = "".join(f" and {column} = :{name}" for column, name in zip(given, named, strict=True))
    return await tx.all(
        f"{select} where {id_column} > :after{where} order by {id_column} limit :limit", named | {"after": after, "limit": paging.limit + 1}
    )
