"""Tokens that are good for certain scopes alone: they open what names one of theirs, and nothing else."""

from uuid import UUID, uuid4

import pytest
from chassis.auth import TokenRefused, Verifier
from chassis.principal import Principal
from contracts.people import KINDS


def refused(answer):
    return answer.status_code, answer.json()["type"]


async def test_a_client_calls_what_names_its_scope_and_sees_all_rows(toy):
    await toy.client("student", uuid4()).post("/v1/notes", json={"body": "somebody's"})
    answer = await toy.client("client", uuid4(), scope="other:read notes:read").get("/v1/notes")
    assert (answer.status_code, bool(answer.json()["items"])) == (200, True)


async def test_a_client_without_the_scope_is_refused(toy):
    answer = await toy.client("client", uuid4(), scope="other:read").get("/v1/notes")
    assert refused(answer) == (403, "/problems/scope-required")
    assert "notes:read" in answer.json()["detail"]


async def test_what_names_no_scope_is_closed_to_clients_whatever_their_token_says(toy):
    for roles in ((), ("admin",)):
        client = toy.client("client", uuid4(), *roles, scope="notes:read notes:write")
        assert refused(await client.post("/v1/notes", json={"body": "by a machine"})) == (403, "/problems/scope-required")


async def test_a_persons_token_with_scopes_is_narrowed_too(toy):
    me = toy.client("student", uuid4(), scope="notes:read")
    assert (await me.get("/v1/notes")).status_code == 200
    assert refused(await me.post("/v1/notes", json={"body": "narrowed"})) == (403, "/problems/scope-required")


async def test_the_audit_trail_is_open_to_its_scope(toy):
    assert (await toy.client("client", uuid4(), scope="audit:read").get("/v1/audit")).status_code == 200
    assert refused(await toy.client("client", uuid4(), scope="notes:read").get("/v1/audit")) == (403, "/problems/scope-required")


async def test_who_does_not_look_at_scopes_is_given_no_narrowed_principal(toy, issuer):
    verifier = Verifier(issuer.url, issuer="chairside", audience="chairside", kinds=KINDS)
    client_id = uuid4()
    token = issuer.token("client", client_id, "admin", scope="notes:read")
    told = await verifier.principal(token, scoped=True)
    assert told == Principal("admin", UUID(str(client_id)), scopes=frozenset({"notes:read"}), client=True)
    assert (told.roles, told.actor_kind) == (frozenset(), "client")
    with pytest.raises(TokenRefused):
        await verifier.principal(token)
