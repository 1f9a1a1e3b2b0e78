"""Documents and signatures."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction

PACKET = """select d.*, s.signature_id from current_document d left join signature s
   on s.document_id = d.document_id and s.document_version = d.version and s.user_id = :signer
 where d.role = :role order by d.position"""


async def packet(tx: Transaction, role: str, signer: UUID) -> Sequence[Any]:
    """The current documents of a role in order, each with the signer's signature of just this version, or None."""
    return await tx.all(PACKET, {"role": role, "signer": signer})


async def document(tx: Transaction, document_id: UUID) -> Any:
    """The document in its current version, or None."""
    return await tx.first("select * from current_document where document_id = :id", {"id": document_id})


async def signature(tx: Transaction, signature_id: UUID) -> Any:
    """The signature, with title and content of the version that was signed, or None."""
    return await tx.first(
        """select s.*, d.title, v.content from signature s join document d using (document_id)
           join document_version v on v.document_id = s.document_id and v.version = s.document_version where s.signature_id = :id""",
        {"id": signature_id},
    )
