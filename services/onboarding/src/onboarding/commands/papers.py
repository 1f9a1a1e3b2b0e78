"""Signing (SPEC 3.7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat
from chassis import audit
from chassis.database import Transaction
from chassis.outbox import publish
from contracts.onboarding import DocumentSigned

from onboarding import queries
from onboarding.commands import partners
from onboarding.domain import papers as domain
from onboarding.domain.partners import NotApplied
from onboarding.domain.people import PersonNotKnownYet
from onboarding.schemas.papers import SignatureIn

COLUMNS = (*domain.SIGNED_FIELDS, "signature_hash")
INSERT = f"""insert into signature ({", ".join(COLUMNS)}) values ({", ".join(":" + column for column in COLUMNS)})
 on conflict (user_id, document_id, document_version) do nothing returning signature_id"""


async def sign(tx: Transaction, document_id: UUID, body: SignatureIn, now: datetime) -> UUID:
    """The one who acts signs the document as it is now; gives the signature's id. What completes an approved partner activates them.

    Raises NotApplied, DocumentNotFound, PersonNotKnownYet, what `domain.papers.check_signing` raises, and AlreadySigned.
    """
    who = tx.principal.user_id
    # Locked first: an approval at the same moment waits, and whoever comes second sees that nothing is missing.
    partner = await partners.lock(tx, who)
    if partner is None:
        raise NotApplied
    document = await queries.papers.document(tx, document_id)
    if document is None:
        raise domain.DocumentNotFound
    person = await queries.people.person(tx, who)
    if person is None:
        raise PersonNotKnownYet
    domain.check_signing(
        document, role=partner.role, shown_hash=body.document_hash, typed_name=body.typed_name, name=person.name,
        intends=body.intent, consents=body.electronic_records_consent,
    )  # fmt: skip
    signature = _signature(tx, document, body.typed_name, now)
    if await tx.first(INSERT, signature) is None:
        raise domain.AlreadySigned
    _tell(tx, document, signature)
    await partners.activate_if_complete(tx, partner, now)
    return UUID(str(signature["signature_id"]))


def _signature(tx: Transaction, document: Any, typed_name: str, now: datetime) -> dict[str, Any]:
    signature = {
        "signature_id": uuid_utils.compat.uuid7(),
        "user_id": tx.principal.user_id,
        "role": document.role,
        "document_id": document.document_id,
        "document_version": document.version,
        "document_hash": domain.content_hash(document.content),
        "intent": domain.INTENT,
        "consent": domain.CONSENT,
        "typed_name": typed_name,
        "signed_at": now,
        "ip": tx.caller.ip,
        "user_agent": tx.caller.user_agent,
        "authentication_method": f"password, session {tx.principal.session}",
    }
    return signature | {"signature_hash": domain.signature_hash(signature)}


def _tell(tx: Transaction, document: Any, signature: dict[str, Any]) -> None:
    # The hash goes into the audit chain too: who changes a signature and its hash is found out by the chain.
    proof = {"document_hash": signature["document_hash"], "signature_hash": signature["signature_hash"]}
    audit.record(tx, "document.sign", "signature", signature["signature_id"], subject_id=signature["user_id"], after=proof)
    told = {name: signature[name] for name in ("signature_id", "user_id", "document_id", "document_version", "document_hash", "signed_at")}
    publish(tx, DocumentSigned(revision=1, document_title=document.title, **told))
