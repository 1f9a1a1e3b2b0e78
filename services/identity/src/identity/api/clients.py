"""Machine clients, for administrators."""

from uuid import UUID

from chassis.http import OwnTransaction, Route, location
from chassis.pagination import Page, Paged, page
from fastapi import APIRouter, Response

from identity import queries
from identity.commands import clients as commands
from identity.domain.clients import ClientNotFound
from identity.doors import Now, OwnSecretTransaction
from identity.schemas.clients import ClientIn, ClientOut, NewSecretOut

router = APIRouter(prefix="/v1", route_class=Route)


@router.post("/clients", status_code=201, operation_id="makeClient")
async def make(body: ClientIn, tx: OwnTransaction, now: Now, answer: Response) -> ClientOut:
    """Make a machine client; its first secret is asked for next."""
    client_id = await commands.make(tx, body.name, body.scopes, now)
    answer.headers["Location"] = location("/v1/clients", client_id)
    return await one(client_id, tx)


@router.get("/clients", operation_id="listClients")
async def listed(tx: OwnTransaction, paging: Paged) -> Page[ClientOut]:
    """Every machine client, the oldest first."""
    return page(await queries.clients(tx, paging), paging, shown=ClientOut.of, key=lambda row: [row.client_id])


@router.get("/clients/{client_id}", operation_id="getClient")
async def one(client_id: UUID, tx: OwnTransaction) -> ClientOut:
    """A machine client, and which secrets it has."""
    if found := await queries.client(tx, client_id):
        return ClientOut.of(found)
    raise ClientNotFound


@router.post("/clients/{client_id}/secrets", status_code=201, operation_id="makeClientSecret")
async def make_secret(client_id: UUID, tx: OwnSecretTransaction, now: Now, answer: Response) -> NewSecretOut:
    """Make a secret, which is shown this once; the one before goes on until it is revoked."""
    secret_id, secret = await commands.make_secret(tx, client_id, now)
    answer.headers["Location"] = location("/v1/clients", client_id)
    return NewSecretOut(id=secret_id, client_id=client_id, client_secret=secret)


@router.delete("/clients/{client_id}/secrets/{secret_id}", status_code=204, operation_id="revokeClientSecret")
async def revoke_secret(client_id: UUID, secret_id: UUID, tx: OwnTransaction, now: Now) -> None:
    """Revoke a secret: it gets no token any more, and those that are out run to their end, ten minutes at most."""
    await commands.revoke_secret(tx, client_id, secret_id, now)
