"""Packets, documents and signatures."""

from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from fastapi import APIRouter, Response

from onboarding import queries
from onboarding.api.clock import Now
from onboarding.commands import papers as commands
from onboarding.domain.papers import DocumentNotFound, SignatureNotFound
from onboarding.domain.partners import NotApplied
from onboarding.schemas.papers import DocumentOut, PacketOut, SignatureIn, SignatureOut
from onboarding.schemas.partners import PartnerRole

router = APIRouter(prefix="/v1", route_class=Route, tags=["papers"])


@router.get("/packets/current", operation_id="getCurrentPacket")
async def packet(tx: OwnTransaction, role: PartnerRole | None = None) -> PacketOut:
    """The documents of a role, by default of the one that one applied for; each says whether one has signed it."""
    wanted = role or await queries.partners.own_role(tx)
    if wanted is None:
        raise NotApplied
    return PacketOut.of(wanted, await queries.papers.packet(tx, wanted, tx.principal.user_id))


@router.get("/documents/{document_id}", operation_id="getDocument")
async def document(document_id: UUID, tx: OwnTransaction) -> DocumentOut:
    """A document whole, in its current version."""
    if found := await queries.papers.document(tx, document_id):
        return DocumentOut.of(found)
    raise DocumentNotFound


@router.post("/documents/{document_id}/signatures", status_code=201, operation_id="signDocument")
async def sign(document_id: UUID, body: SignatureIn, tx: OwnTransaction, now: Now, answer: Response) -> SignatureOut:
    """Sign the document whose hash was shown."""
    signature_id = await commands.sign(tx, document_id, body, now)
    answer.headers["Location"] = location("/v1/signatures", signature_id)
    return await signature(signature_id, tx)


@router.get("/signatures/{signature_id}", operation_id="getSignature")
async def signature(signature_id: UUID, tx: OwnTransaction) -> SignatureOut:
    """One's own signature, checked anew; an administrator sees everyone's."""
    if found := await queries.papers.signature(tx, signature_id):
        return SignatureOut.of(found)
    raise SignatureNotFound
