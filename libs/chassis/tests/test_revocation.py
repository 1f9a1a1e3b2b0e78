"""An ended session of an administrator is refused although its token is good, and nobody is believed whom nobody can vouch for."""

from uuid import uuid4

import pytest
from chassis import revocation
from chassis.auth import SessionEnded, Verifier
from chassis.errors import Unavailable
from contracts.people import KINDS
from dev.harness import eventually
from dev.issuer import Issuer


def verifier_of(issuer):
    return Verifier(issuer.url, issuer="chairside", audience="chairside", kinds=KINDS)


async def test_a_service_refuses_an_administrator_whose_session_ended(toy, issuer):
    session, other = str(uuid4()), str(uuid4())
    ended, goes_on = (toy.client("admin", uuid4(), "admin", sid=sid) for sid in (session, other))
    assert (await ended.get("/v1/audit")).status_code == 200
    issuer.revoked.add(session)

    async def refused():
        answer = await ended.get("/v1/audit")
        return answer.status_code == 401 and answer.json()

    assert (await eventually(refused))["type"] == "/problems/session-ended"
    assert (await goes_on.get("/v1/audit")).status_code == 200


async def test_students_and_partners_tokens_run_to_their_end(issuer):
    session = str(uuid4())
    issuer.revoked.add(session)
    verifier = verifier_of(issuer)
    for kind in ("student", "partner"):
        assert (await verifier.principal(issuer.token(kind, uuid4(), sid=session))).kind == kind
    for kind in ("admin", "payroll_admin"):
        with pytest.raises(SessionEnded):
            await verifier.principal(issuer.token(kind, uuid4(), kind, sid=session))


async def test_what_was_fetched_within_a_second_is_not_fetched_again(issuer, monkeypatch):
    verifier, session = verifier_of(issuer), str(uuid4())
    token = issuer.token("admin", uuid4(), "admin", sid=session)
    monkeypatch.setattr(revocation, "FRESH_FOR", 3600.0)
    assert await verifier.principal(token)
    issuer.revoked.add(session)
    assert await verifier.principal(token)
    monkeypatch.setattr(revocation, "FRESH_FOR", 0.0)
    with pytest.raises(SessionEnded):
        await verifier.principal(token)


async def test_without_the_issuer_the_last_list_is_believed_for_a_while_and_then_nobody(monkeypatch):
    issuer, known, fresh = Issuer(), str(uuid4()), str(uuid4())
    verifier = verifier_of(issuer)
    issuer.revoked.add(known)
    tokens = {sid: issuer.token("admin", uuid4(), "admin", sid=sid) for sid in (known, fresh)}
    student = issuer.token("student", uuid4(), sid=fresh)
    assert await verifier.principal(tokens[fresh])
    issuer.server.shutdown()
    issuer.server.server_close()
    monkeypatch.setattr(revocation, "FRESH_FOR", 0.0)
    assert await verifier.principal(tokens[fresh])
    with pytest.raises(SessionEnded):
        await verifier.principal(tokens[known])
    monkeypatch.setattr(revocation, "BELIEVED_FOR", 0.0)
    with pytest.raises(Unavailable):
        await verifier.principal(tokens[fresh])
    assert (await verifier.principal(student)).kind == "student"
