"""Students' records that leave the read model for a partner are noted (SPEC 3.10)."""

from collections.abc import Sequence
from typing import Any

from chassis.database import Transaction
from chassis.disclosures import disclose


def shown(tx: Transaction, rows: Sequence[Any]) -> Sequence[Any]:
    """The rows, whose `student_id` are noted in the disclosure log."""
    disclose(tx, [row.student_id for row in rows])
    return rows
