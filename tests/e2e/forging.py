"""Tokens that nobody issued, signed with identity's own key: each is wrong in one respect."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from chassis.sealing import Seal
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from dev.demo.stage import Person
from dev.live import Live
from dev.stack import secrets_of
from identity.sealing import SIGNING_KEYS
from joserfc.jwk import ECKey

from . import looking


@dataclass(frozen=True)
class Forger:
    """Holds identity's own signing key, so that a token is wrong in one respect at a time."""

    person: Person
    key: ECKey
    kid: str

    def token(self, *, key: Any = None, header: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
        """A token that is good but for what is said."""
        now = int(time.time())
        good = {"iss": "chairside", "aud": "chairside", "sub": self.person.id, "kind": "student", "roles": [], "iat": now, "exp": now + 300}
        told = {name: value for name, value in (good | claims).items() if name != without}
        head = {"alg": "ES256", "kid": self.kid, "typ": "JWT", **(header or {})}
        head = {name: value for name, value in head.items() if name != without}
        return self.signed(json.dumps(head), json.dumps(told).encode(), key)

    def signed(self, header: str, payload: bytes, key: ECKey | None = None) -> str:
        """Any header over any payload, under a true signature of `key`, identity's own unless another is given."""
        text = f"{base64(header.encode())}.{base64(payload)}"
        private = (key or self.key).private_key
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(private.sign(text.encode(), ec.ECDSA(SHA256())))
        return f"{text}.{base64(r.to_bytes(32) + s.to_bytes(32))}"

    def tampered(self) -> str:
        """Another payload under a good signature."""
        head, _, signature = self.token().split(".")
        _, payload, _ = self.token(kind="admin", roles=["admin"]).split(".")
        return f"{head}.{payload}.{signature}"

    def unsigned(self, **claims: Any) -> str:
        """With the algorithm `none` and no signature."""
        head = base64(json.dumps({"alg": "none", "typ": "JWT"}).encode())
        return f"{head}.{self.token(**claims).split('.')[1]}."

    def with_the_public_key_as_secret(self, algorithm: str = "HS256") -> str:
        """Signed by HMAC with what everyone can read; a verifier that believes the header's algorithm takes it."""
        _, payload, _ = self.token().split(".")
        signed = f"{base64(json.dumps({'alg': algorithm, 'kid': self.kid, 'typ': 'JWT'}).encode())}.{payload}"
        digest = hmac.digest(self.key.as_pem(private=False), signed.encode(), getattr(hashlib, algorithm.replace("HS", "sha")))
        return f"{signed}.{base64(digest)}"


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def another_key() -> ECKey:
    """A key that identity has never seen."""
    return ECKey.generate_key("P-256")


async def forger(live: Live, person: Person) -> Forger:
    """Somebody who got hold of the newest signing key; tokens speak for `person` unless they say otherwise."""
    (row,) = await looking.rows(live.stack, "identity", "select kid, private_jwk from signing_key order by created_at desc limit 1")
    jwk = Seal((secrets_of(live.stack).get("identity_sealing_key"),), SIGNING_KEYS).open(row["private_jwk"])
    return Forger(person, ECKey.import_key(json.loads(jwk)), row["kid"])


def base64(content: bytes) -> str:
    """Base64 for addresses, without padding, as tokens have it."""
    return urlsafe_b64encode(content).decode().rstrip("=")
