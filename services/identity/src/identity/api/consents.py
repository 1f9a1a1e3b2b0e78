"""Consents."""

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from contracts.people import Purpose
from fastapi import APIRouter, Response

from identity import queries
from identity.commands import consents as commands
from identity.doors import Now
from identity.schemas.consents import ConsentGiven, ConsentOut

router = APIRouter(prefix="/v1", route_class=Route)


@router.get("/consents", operation_id="listConsents")
async def consents(tx: OwnTransaction, paging: Paged) -> Page[ConsentOut]:
    """One's own consents, also those that were withdrawn, by purpose. What is not listed was never given."""
    found = await queries.consents(tx, tx.principal.user_id, paging)
    return page(found, paging, shown=ConsentOut.of, key=lambda row: [row.purpose])


@router.post("/consents", status_code=201, operation_id="giveConsent")
async def give(body: ConsentGiven, tx: OwnTransaction, now: Now, answer: Response) -> ConsentOut:
    """Consent to a purpose. It can be withdrawn at any time."""
    row = await commands.give(tx, body.purpose, body.wording, now)
    answer.headers["Location"] = location("/v1/consents", body.purpose)
    return ConsentOut.of(row)


@router.post("/consents/{purpose}/withdrawal", operation_id="withdrawConsent")
async def withdraw(purpose: Purpose, tx: OwnTransaction, now: Now) -> ConsentOut:
    """Withdraw a consent."""
    return ConsentOut.of(await commands.withdraw(tx, purpose, now))
