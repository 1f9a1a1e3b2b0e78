"""Which tokens open a service. `tests/e2e/broken.py` holds many more that do not, tried against every service."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import uuid4

import pytest
from chassis.auth import TokenRefused, Verifier
from joserfc import jws
from joserfc.jwk import ECKey


def broken_tokens(issuer):
    good = issuer.token("student", uuid4())
    head, body, signature = good.split(".")
    now = int(time.time())
    yield "expired", issuer.token("student", uuid4(), exp=now - 1)
    yield "of another issuer", issuer.token("student", uuid4(), iss="somebody")
    yield "for another audience", issuer.token("student", uuid4(), aud="elsewhere")
    yield "of another key", issuer.token("student", uuid4(), key=ECKey.generate_key("P-256", {"kid": "test"}))
    yield "the system's", issuer.token("system", uuid4())
    yield "of no kind", issuer.token("emperor", uuid4())
    yield "of a client without scopes", issuer.token("client", uuid4())
    yield "of scopes that are no text", issuer.token("student", uuid4(), scope=["notes:read"])
    yield "without a person", issuer.token("student", uuid4(), sub="nobody")
    yield "none algorithm", "eyJhbGciOiJub25lIn0." + body + "."
    yield "hmac with the public key", "eyJhbGciOiJIUzI1NiJ9." + body + "." + signature
    yield "tampered", f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}"
    yield "cut", good[:-10]
    yield "nonsense", "nonsense"


async def test_only_good_tokens_come_through(toy, issuer):
    assert (await toy.client("student", uuid4()).get("/v1/notes")).status_code == 200
    nobody = toy.client()
    assert (await nobody.get("/v1/notes")).json()["type"] == "/problems/sign-in-required"
    for name, token in broken_tokens(issuer):
        answer = await nobody.get("/v1/notes", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.fixture
async def verifier(issuer):
    return Verifier(issuer.url, issuer="chairside", audience="chairside", kinds=("student", "partner", "admin", "system"))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": "9999999999"}, {"exp": None}, {"exp": True}, {"exp": float("nan")}, {"exp": float("inf")}, {"exp": 10**400},
        {"exp": time.time() + 365 * 86_400}, {"nbf": time.time() + 3600}, {"nbf": "now"}, {"iat": time.time() + 3600}, {"iat": "now"},
        {"roles": "admin"}, {"roles": None}, {"roles": [1]}, {"roles": [["admin"]]}, {"sid": 1}, {"sub": 1}, {"aud": []},
    ],
    ids=str,
)  # fmt: skip
async def test_a_claim_of_another_form_is_refused_under_a_true_signature(verifier, issuer, claims):
    with pytest.raises(TokenRefused):
        await verifier.principal(issuer.token("student", uuid4(), **claims))


async def test_the_issuers_clock_may_be_ahead_a_little(verifier, issuer):
    now = time.time() + 30
    assert (await verifier.principal(issuer.token("student", uuid4(), iat=now, nbf=now))).kind == "student"


def payload_of(token):
    body = token.split(".")[1]
    return urlsafe_b64decode(body + "=" * (-len(body) % 4))


def signed(issuer, payload, **header):
    return jws.serialize_compact({"alg": "ES256"} | header, payload, issuer.key, registry=jws.JWSRegistry(strict_check_header=False))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"kid": "other"},
        {"kid": "test", "jku": "http://127.0.0.1:9"},
        {"kid": "test", "cty": "JWT"},
        {"kid": "test", "typ": "secevent+jwt"},
    ],
    ids=str,
)
async def test_a_header_that_says_more_or_less_than_ours_is_refused_under_a_true_signature(verifier, issuer, header):
    payload = payload_of(issuer.token("student", uuid4()))
    assert (await verifier.principal(signed(issuer, payload, kid="test"))).kind == "student"
    with pytest.raises(TokenRefused):
        await verifier.principal(signed(issuer, payload, **header))


async def test_what_cannot_be_read_for_its_depth_is_refused(verifier, issuer):
    deep = urlsafe_b64encode(b'{"alg":' + b"[" * 2400 + b"]" * 2400 + b"}").decode().rstrip("=")
    _, body, signature = issuer.token("student", uuid4()).split(".")
    with pytest.raises(TokenRefused):
        await verifier.principal(f"{deep}.{body}.{signature}")


@pytest.mark.parametrize("change", ["{}=", "{}!", " {}", "{}\n", "{}.e30", "{}é"])
async def test_a_token_of_another_form_is_not_read_at_all(verifier, issuer, change):
    with pytest.raises(TokenRefused):
        await verifier.principal(change.format(issuer.token("student", uuid4())))
    assert verifier.keys is None
