"""What becomes of an entry of `/v1/hours`: corrected, verified, rejected, accepted past a cap, voided."""

from typing import Annotated
from uuid import UUID

from chassis.http import OwnTransaction, Route
from fastapi import APIRouter, Header, Response

from compliance.api.clock import Now
from compliance.commands import revisions as commands
from compliance.domain.hours import Entry
from compliance.domain.revisions import etag
from compliance.schemas.hours import CorrectionIn, HoursOut, ReasonIn

router = APIRouter(prefix="/v1/hours", route_class=Route, tags=["hours"])
IfMatch = Annotated[str, Header(max_length=100, description="The ETag of the entry as it was read")]


@router.patch("/{log_id}", operation_id="correctHours")
async def correct(log_id: UUID, body: CorrectionIn, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> HoursOut:
    """Correct an entry: one's own while it is submitted; as its coordinator or an administrator any, with a reason."""
    return _shown(await commands.correct_entry(tx, log_id, body.changes(), body.reason, if_match, now), answer)


@router.post("/{log_id}/verification", operation_id="verifyHours")
async def verify(log_id: UUID, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> HoursOut:
    """Verify an entry as it was read, never one that one submitted or corrected."""
    return _shown(await commands.decide_on(tx, log_id, "verified", None, if_match, now), answer)


@router.post("/{log_id}/rejection", operation_id="rejectHours")
async def reject(log_id: UUID, body: ReasonIn, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> HoursOut:
    """Reject an entry as it was read: it stays, and counts no more."""
    return _shown(await commands.decide_on(tx, log_id, "rejected", body.reason, if_match, now), answer)


@router.post("/{log_id}/acceptance", operation_id="acceptHours")
async def accept(log_id: UUID, if_match: IfMatch, tx: OwnTransaction, now: Now, answer: Response) -> HoursOut:
    """Let an entry count whole, as it was read, though minutes of it lie past a cap of the program; never one that one submitted."""
    return _shown(await commands.accept_entry(tx, log_id, if_match, now), answer)


@router.post("/{log_id}/void", operation_id="voidHours")
async def void(log_id: UUID, body: ReasonIn, tx: OwnTransaction, now: Now, answer: Response) -> HoursOut:
    """Take an entry back: one's own while it is submitted, or any as an administrator; never one from Milady."""
    return _shown(await commands.void_entry(tx, log_id, body.reason, now), answer)


def _shown(entry: Entry, answer: Response) -> HoursOut:
    answer.headers["ETag"] = etag(entry.revision)
    return HoursOut.of(entry)
