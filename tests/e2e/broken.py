"""Tokens that must open nothing, by what is wrong with each (RFC 7515, 7519 and 8725; what was found in others' verifiers)."""

import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from .forging import Forger, another_key, base64

Make = Callable[[Forger], str]
DEEP, DIGITS = 2_400, 5_000
"""More than a reader of JSON takes, and few enough to be read."""


def claims(**changed: Any) -> Make:
    """A true signature over a claim that is not what it should be."""
    return lambda forger: forger.token(**changed)


def header(**changed: Any) -> Make:
    """A true signature under a header that says more, or other things, than ours do."""
    return lambda forger: forger.token(header=changed)


def without(name: str) -> Make:
    return lambda forger: forger.token(without=name)


def payload(content: bytes) -> Make:
    """A true signature over what are no claims."""
    return lambda forger: forger.signed(json.dumps({"alg": "ES256", "kid": forger.kid, "typ": "JWT"}), content)


def raw_header(text: str) -> Make:
    return lambda forger: forger.signed(text, json.dumps({"sub": forger.person.id}).encode())


def signature(change: Callable[[str], str]) -> Make:
    """A good token but for its signature."""

    def make(forger: Forger) -> str:
        head, _, true = forger.token().rpartition(".")
        return f"{head}.{change(true)}"

    return make


def with_own_key(**more: Any) -> Make:
    """Signed by a stranger, who brings along what to check it with."""

    def make(forger: Forger) -> str:
        stranger = another_key()
        public = {name: value for name, value in stranger.as_dict(private=False).items() if name in ("kty", "crv", "x", "y")}
        return forger.token(key=stranger, header={name: public if value is None else value for name, value in more.items()})

    return make


def by_rsa(forger: Forger) -> str:
    text = _text(forger, "RS256")
    return f"{text}.{base64(rsa.generate_private_key(65537, 2048).sign(text.encode(), padding.PKCS1v15(), SHA256()))}"


def by_edwards(forger: Forger) -> str:
    text = _text(forger, "EdDSA")
    return f"{text}.{base64(ed25519.Ed25519PrivateKey.generate().sign(text.encode()))}"


def _text(forger: Forger, algorithm: str) -> str:
    head = json.dumps({"alg": algorithm, "kid": forger.kid, "typ": "JWT"})
    return f"{base64(head.encode())}.{forger.token().split('.')[1]}"


def flipped(true: str) -> str:
    return ("B" if true[0] == "A" else "A") + true[1:]


def soon(seconds: float) -> int:
    return int(time.time() + seconds)


def nested(inner: str) -> Make:
    return lambda forger: forger.signed(json.dumps({"alg": "ES256", "kid": forger.kid, "typ": "JWT", "cty": "JWT"}), inner.encode())


ALGORITHMS: dict[str, Make] = {
    "not signed": lambda forger: forger.unsigned(),
    "none, with a true signature": header(alg="none"),
    "none, in mixed case": header(alg="nOnE"),
    "HS256 with the public key as the secret": lambda forger: forger.with_the_public_key_as_secret(),
    "HS512 with the public key as the secret": lambda forger: forger.with_the_public_key_as_secret("HS512"),
    "RS256 by a stranger": by_rsa,
    "EdDSA by a stranger": by_edwards,
    "ES384, as the header says": header(alg="ES384"),
    "es256 in small letters": header(alg="es256"),
    "no algorithm": without("alg"),
    "an algorithm that is a number": header(alg=256),
    "several algorithms": header(alg=["ES256", "none"]),
}
HEADERS: dict[str, Make] = {
    "no key id": without("kid"),
    "an unknown key id": header(kid="somebody-elses"),
    "a path for a key id": header(kid="../../../../dev/null"),
    "SQL for a key id": header(kid="x' or '1'='1"),
    "a key id of 4,000 letters": header(kid="k" * 4000),
    "a number for a key id": header(kid=7),
    "null for a key id": header(kid=None),
    "an object for a key id": header(kid={"$ne": ""}),
    "another's key": with_own_key(),
    "another's key, brought along": with_own_key(jwk=None),
    "another's key, under an address": with_own_key(jku="http://127.0.0.1:9/keys"),
    "another's certificate, under an address": with_own_key(x5u="http://127.0.0.1:9/cert"),
    "another's certificate, brought along": with_own_key(x5c=["MIIB"]),
    "a key's address, with a true signature": header(jku="http://127.0.0.1:9/keys"),
    "an extension that is critical": header(crit=["urgent"], urgent=True),
    "a payload that is not encoded": header(crit=["b64"], b64=False),
    "another type": header(typ="secevent+jwt"),
    "a type that is a list": header(typ=["JWT"]),
    "compressed": header(zip="DEF"),
    "a token in a token": nested("eyJhbGciOiJub25lIn0.e30."),
    "a header that is no JSON": raw_header("{alg: ES256}"),
    "a header that is a list": raw_header('["ES256"]'),
    "a header that is deep": raw_header('{"alg":' + "[" * DEEP + "]" * DEEP + "}"),
    "a header with a number of 5,000 digits": raw_header('{"alg":' + "9" * DIGITS + "}"),
}
TIMES: dict[str, Make] = {
    "no end": without("exp"),
    "null for an end": claims(exp=None),
    "text for an end": claims(exp="9999999999"),
    "an end that is no number": claims(exp=float("nan")),
    "an end that never comes": claims(exp=float("inf")),
    "an end beyond all time": claims(exp=1e300),
    "an end of 400 digits": claims(exp=10**400),
    "an end in a year": lambda forger: forger.token(exp=soon(365 * 86_400)),
    "true for an end": claims(exp=True),
    "a list for an end": claims(exp=[9_999_999_999]),
    "good from tomorrow on": lambda forger: forger.token(nbf=soon(86_400)),
    "text for a beginning": claims(nbf="now"),
    "issued tomorrow": lambda forger: forger.token(iat=soon(86_400)),
    "text for when it was issued": claims(iat="now"),
}
PARTIES: dict[str, Make] = {
    "for another": claims(aud="somebody-else"),
    "for several others": claims(aud=["somebody-else", "chairside-too"]),
    "for nobody": without("aud"),
    "for an empty name": claims(aud=""),
    "for an empty list": claims(aud=[]),
    "for a number": claims(aud=1),
    "for an object": claims(aud={"chairside": True}),
    "of another issuer": claims(iss="somebody-else"),
    "of no issuer": without("iss"),
    "of several issuers": claims(iss=["chairside"]),
    "of nobody": without("sub"),
    "of an empty id": claims(sub=""),
    "of an id that is none": claims(sub="admin"),
    "of a number": claims(sub=1),
    "of null": claims(sub=None),
    "of a list": claims(sub=["00000000-0000-0000-0000-000000000000"]),
}
RIGHTS: dict[str, Make] = {
    "of the system": claims(kind="system"),
    "of a kind that there is not": claims(kind="superuser"),
    "of no kind": without("kind"),
    "of several kinds": claims(kind=["student", "admin"]),
    "of null for a kind": claims(kind=None),
    "of a client without scopes": claims(kind="client"),
    "text for roles": claims(roles="admin"),
    "null for roles": claims(roles=None),
    "an object for roles": claims(roles={"admin": True}),
    "roles in a list in a list": claims(roles=[["admin"]]),
    "numbers for roles": claims(roles=[1]),
    "a list for scopes": claims(scope=["hours:read"]),
    "a number for scopes": claims(scope=1),
    "a number for a session": claims(sid=1),
    "an object for a session": claims(sid={"$ne": ""}),
}
PAYLOADS: dict[str, Make] = {
    "claims that are a list": payload(b'["sub"]'),
    "claims that are text": payload(b'"sub"'),
    "claims that are null": payload(b"null"),
    "claims that are no JSON": payload(b"{sub: 1}"),
    "claims that are no text": payload(b"\xff\xfe\x00"),
    "claims that are deep": payload(b'{"sub":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "no claims": payload(b"{}"),
    "changed claims": lambda forger: forger.tampered(),
}
SIGNATURES: dict[str, Make] = {
    "an empty signature": signature(lambda _: ""),
    "a signature cut short": signature(lambda true: true[:-8]),
    "a signature with more behind it": signature(lambda true: true + "AAAA"),
    "a padded signature": signature(lambda true: true + "=="),
    "a signature with a letter changed": signature(flipped),
    "a signature of nothing but zeros": signature(lambda _: base64(bytes(64))),
    "the signature of another token": lambda forger: f"{forger.token().rpartition('.')[0]}.{forger.token(sid='x').rpartition('.')[2]}",
    "a blank in the signature": signature(lambda true: f"{true[:40]} {true[40:]}"),
    "a sign in the signature that is none of base64": signature(lambda true: f"{true[:40]}!{true[40:]}"),
}
FORMS: dict[str, Make] = {
    "no token at all": lambda _: "nonsense",
    "two parts": lambda forger: forger.token().rpartition(".")[0],
    "four parts": lambda forger: forger.token() + ".e30",
    "five parts, as an encrypted one has": lambda forger: forger.token() + ".e30.e30",
    "nothing but dots": lambda _: "..",
    "an empty header": lambda forger: "." + forger.token().partition(".")[2],
    "an empty payload": lambda forger: "{0}..{2}".format(*forger.token().split(".")),
    "in quotes": lambda forger: f'"{forger.token()}"',
    "with a comma behind it": lambda forger: forger.token() + ",",
    "with the scheme twice": lambda forger: f"Bearer {forger.token()}",
    "two with a comma between": lambda forger: f"{forger.token()}, {forger.token()}",
    "in JSON": lambda forger: json.dumps({"token": forger.token()}),
    "letters beyond ASCII": lambda forger: forger.token() + "é",
    "of 20,000 letters": lambda forger: forger.token(roles=["r" * 15_000]),
}
BROKEN = ALGORITHMS | HEADERS | TIMES | PARTIES | RIGHTS | PAYLOADS | SIGNATURES | FORMS
