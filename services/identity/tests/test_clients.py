"""Machine clients: secrets shown once, changed with overlap, and tokens by client credentials (SPEC 3.10, RFC 6749)."""

import asyncio
import base64
import json
from urllib.parse import quote_plus
from uuid import uuid4

import pytest
from chassis.auth import Verifier
from contracts.people import KINDS

BOTH = ["audit:read", "hours:read"]


@pytest.fixture
def machine(admin):
    """`await machine(scopes)`: a new client with a secret, as what `/v1/clients/{id}/secrets` gave."""

    async def make(*scopes):
        client = admin.client()
        made = await client.post("/v1/clients", json={"name": "Time clock", "scopes": scopes or BOTH})
        assert made.status_code == 201, made.text
        return (await client.post(f"/v1/clients/{made.json()['id']}/secrets")).json()

    return make


@pytest.fixture
def ask(identity):
    """`await ask(known)`: asks for a token with the secret in the form."""

    async def post(known, **other):
        form = {"grant_type": "client_credentials", "client_id": known["client_id"], "client_secret": known["client_secret"]}
        fields = {name: value for name, value in (form | other).items() if value is not None}
        return await identity.client().post("/v1/oauth/token", data=fields)

    return post


def basic(client_id, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()}


def refused(answer):
    """The status and the error, if it is a refusal in the form of RFC 6749."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json().keys() == {"error", "error_description"}
    assert ("basic" in answer.headers.get("www-authenticate", "").lower()) == (answer.status_code == 401)
    return answer.status_code, answer.json()["error"]


async def test_a_token_says_which_client_and_which_scopes(identity, machine, ask):
    known = await machine()
    answer = await ask(known)
    told = answer.json()
    assert (answer.status_code, answer.headers["cache-control"], answer.headers["pragma"]) == (200, "no-store", "no-cache")
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "audit:read hours:read")
    claims = json.loads(base64.urlsafe_b64decode(told["access_token"].split(".")[1] + "=="))
    assert (claims["kind"], claims["sub"], claims["client_id"]) == ("client", known["client_id"], known["client_id"])
    assert "roles" not in claims
    verifier = Verifier(f"{identity.url}/.well-known/jwks.json", issuer="chairside", audience="chairside", kinds=KINDS)
    assert (await verifier.principal(told["access_token"], scoped=True)).scopes == frozenset(BOTH)


async def test_by_http_basic_and_with_fewer_scopes(identity, machine):
    known = await machine()
    client = identity.client()
    form = {"grant_type": "client_credentials", "scope": "hours:read"}
    answer = await client.post("/v1/oauth/token", data=form, headers=basic(known["client_id"], known["client_secret"]))
    assert (answer.status_code, answer.json()["scope"]) == (200, "hours:read")


async def test_with_the_scope_the_audit_trail_opens_and_nothing_else(identity, machine, ask):
    with_it, without = [(await ask(await machine(scope))).json()["access_token"] for scope in ("audit:read", "hours:read")]
    for token, path, status in (
        (with_it, "/v1/audit", 200), (without, "/v1/audit", 403), (with_it, "/v1/users", 403),
        (with_it, "/v1/me", 403), (with_it, "/v1/clients", 403),
    ):  # fmt: skip
        async with identity.bearing(token) as client:
            answer = await client.get(path)
        assert answer.status_code == status, path
        assert status == 200 or answer.json()["type"] == "/problems/scope-required"


async def test_what_is_wrong_is_answered_as_oauth_says(identity, machine, ask):
    known = await machine()
    assert refused(await ask(known, client_secret="made up")) == (401, "invalid_client")
    assert refused(await ask(known, client_id=str(uuid4()))) == (401, "invalid_client")
    assert refused(await ask(known, client_id="no uuid")) == (401, "invalid_client")
    assert refused(await ask(known, client_id=None, client_secret=None)) == (401, "invalid_client")
    assert refused(await ask(known, client_secret=None)) == (401, "invalid_client")
    assert refused(await ask(known, scope="hours:write")) == (400, "invalid_scope")
    assert refused(await ask(known, scope="hours:read hours:write")) == (400, "invalid_scope")
    assert refused(await ask(known, scope="  ")) == (400, "invalid_scope")
    assert refused(await ask(known, grant_type="password")) == (400, "unsupported_grant_type")
    assert refused(await ask(known, grant_type=None)) == (400, "invalid_request")
    assert refused(await ask(known, grant_type="")) == (400, "invalid_request")
    client = identity.client()
    twice = basic(known["client_id"], known["client_secret"])
    form = {"grant_type": "client_credentials", "client_id": known["client_id"], "client_secret": known["client_secret"]}
    assert refused(await client.post("/v1/oauth/token", data=form, headers=twice)) == (400, "invalid_request")
    assert refused(await client.post("/v1/oauth/token", json=form)) == (400, "invalid_request")
    doubled = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "grant_type=client_credentials&scope=hours:read&scope=audit:read"
    assert refused(await client.post("/v1/oauth/token", content=body, headers=doubled | twice)) == (400, "invalid_request")
    assert refused(await client.post("/v1/oauth/token", content=b"grant_type=%ff%fe", headers=doubled)) == (400, "invalid_request")
    for header in ("Basic", "Basic !", "Basic bm8=", "Bearer x", "Basic /w=="):
        answer = await client.post("/v1/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header})
        assert refused(answer) == (401, "invalid_client"), header


async def test_secrets_change_with_overlap_and_a_revoked_one_is_worth_nothing(admin, machine, ask):
    old = await machine()
    client, path = admin.client(), f"/v1/clients/{old['client_id']}"
    new = (await client.post(f"{path}/secrets")).json()
    assert [(await ask(one)).status_code for one in (old, new)] == [200, 200]
    third = await client.post(f"{path}/secrets")
    assert (third.status_code, third.json()["type"]) == (409, "/problems/too-many-secrets")
    for _ in range(2):
        assert (await client.delete(f"{path}/secrets/{old['id']}")).status_code == 204
    assert refused(await ask(old)) == (401, "invalid_client")
    assert (await ask(new)).status_code == 200
    shown = (await client.get(path)).json()["secrets"]
    assert [(one["id"], one["revoked_at"] is None) for one in shown] == [(old["id"], False), (new["id"], True)]


async def test_of_secrets_that_are_made_at_once_two_are(admin):
    client = admin.client()
    made = (await client.post("/v1/clients", json={"name": "Racer", "scopes": BOTH})).json()
    answers = await asyncio.gather(*(client.post(f"/v1/clients/{made['id']}/secrets") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409]


async def test_a_secret_is_shown_once_and_stored_as_a_hash(identity, admin, machine):
    known = await machine()
    client = admin.client()
    headers = {"Idempotency-Key": str(uuid4())}
    again = (await client.post(f"/v1/clients/{known['client_id']}/secrets", headers=headers)).json()
    secrets = {known["client_secret"], again["client_secret"]}
    for path in ("/v1/clients", "/v1/audit"):
        shown = (await client.get(path)).text
        assert not any(secret in shown for secret in secrets)
    tables = await identity.sql("select table_name from information_schema.tables where table_schema = 'public'")
    for table in (row["table_name"] for row in tables):
        held = " ".join(row[0] for row in await identity.sql(f'select cast(t as text) from "{table}" t'))
        assert not any(secret in held or secret.encode().hex() in held for secret in secrets), table


async def test_everything_about_a_client_is_audited(identity, admin, machine, ask):
    known = await machine()
    await ask(known)
    await admin.client().delete(f"/v1/clients/{known['client_id']}/secrets/{known['id']}")
    noted = await identity.sql("select action, actor, actor_kind from audit_entry where object_id = $1 order by id", known["client_id"])
    secret = "select distinct after->>'id' as id from audit_entry where object_id = $1 and action like 'client.secret.%'"
    assert [row["id"] for row in await identity.sql(secret, known["client_id"])] == [known["id"]]
    by_admin, by_itself = (admin.user["id"], "admin"), (known["client_id"], "client")
    assert [tuple(row) for row in noted] == [
        ("client.make", *by_admin), ("client.secret.make", *by_admin), ("client.token", *by_itself), ("client.secret.revoke", *by_admin),
    ]  # fmt: skip


async def test_clients_are_for_administrators_and_listed_in_pages(admin, person, machine):
    known = await machine()
    other = (await person()).client()
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{known['client_id']}"), ("POST", f"/{known['client_id']}/secrets")):
        answer = await other.request(method, f"/v1/clients{path}", json={"name": "Mine", "scopes": BOTH})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/role-required"), path
    client, seen, cursor = admin.client(), [], None
    while True:
        got = (await client.get("/v1/clients", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [one["id"] for one in got["items"]]
        if not (cursor := got["next_cursor"]):
            break
    assert known["client_id"] in seen
    assert len(seen) == len(set(seen))
    nobody = f"/v1/clients/{uuid4()}"
    assert (await client.get(nobody)).json()["type"] == "/problems/client-not-found"
    assert (await client.post(f"{nobody}/secrets")).json()["type"] == "/problems/client-not-found"
    assert (await client.delete(f"{nobody}/secrets/{known['id']}")).json()["type"] == "/problems/secret-not-found"


@pytest.mark.parametrize("body", [{"name": "", "scopes": BOTH}, {"name": "A", "scopes": []}, {"name": "A", "scopes": ["everything"]}, {}])
async def test_a_client_without_a_name_or_with_scopes_that_there_are_not_is_malformed(admin, body):
    answer = await admin.client().post("/v1/clients", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/malformed-request")
