"""Packets, documents and signatures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from chassis.fields import Line
from pydantic import BaseModel, Field, StringConstraints

from onboarding.domain.papers import CONSENT, INTENT, content_hash, signature_hash
from onboarding.schemas.fields import filled
from onboarding.schemas.partners import PartnerRole


class PacketDocument(BaseModel):
    """A document of a packet, as the one who asks has dealt with it."""

    id: UUID
    title: str
    version: int
    requires_signature: bool
    content_hash: str
    signed: bool = Field(description="Whether the one who asks has signed just this version")
    signature_id: UUID | None


class PacketOut(BaseModel):
    """The documents of a role in the order in which they are read. `complete`: nothing is left to sign."""

    role: PartnerRole
    documents: list[PacketDocument]
    complete: bool

    @classmethod
    def of(cls, role: str, rows: Sequence[Any]) -> Self:
        """From the rows of `queries.papers.packet`."""
        documents = [
            PacketDocument(
                **filled(PacketDocument, row, id=row.document_id, content_hash=content_hash(row.content)),
                signed=row.signature_id is not None,
            )
            for row in rows
        ]
        return cls(role=role, documents=documents, complete=all(d.signed or not d.requires_signature for d in documents))


class DocumentOut(BaseModel):
    """A document whole. Who signs confirms `intent_sentence` and `consent_sentence`; both are stored with the signature."""

    id: UUID
    role: PartnerRole
    title: str
    version: int
    requires_signature: bool
    content: str = Field(description="Markdown")
    content_hash: str = Field(description="SHA-256 of the content's exact UTF-8 bytes, in hexadecimal")
    intent_sentence: str = INTENT
    consent_sentence: str = CONSENT

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.papers`."""
        return cls(**filled(cls, row, id=row.document_id, content_hash=content_hash(row.content)))


class SignatureIn(BaseModel):
    """A typed signature of the document whose hash was shown."""

    document_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
    typed_name: Line
    intent: bool
    electronic_records_consent: bool


class SignatureOut(BaseModel):
    """A signature as it is stored, and whether it and its document are still what they were when it was made.

    Of a signer who was erased (`erased_at`) the name and the address are gone: only a copy can be held against the hash.
    """

    id: UUID
    user_id: UUID
    role: PartnerRole
    document_id: UUID
    document_title: str
    document_version: int
    document_hash: str
    intent: str
    consent: str
    typed_name: str
    signed_at: datetime
    ip: str | None
    user_agent: str | None
    authentication_method: str
    signature_hash: str
    document_intact: bool
    signature_intact: bool | None
    erased_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.papers`; both hashes are computed anew."""
        return cls(
            **filled(cls, row, id=row.signature_id, document_title=row.title),
            document_intact=content_hash(row.content) == row.document_hash,
            signature_intact=None if row.erased_at else signature_hash(row._mapping) == row.signature_hash,
        )
