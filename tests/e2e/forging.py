"""Tokens that nobody issued, signed with identity's own key: each is wrong in one respect."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from dev.demo.stage import Person
from dev.live import Live
from joserfc import jwt
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
        return jwt.encode(head, told, key or self.key, algorithms=["ES256"])

    def tampered(self) -> str:
        """Another payload under a good signature."""
        head, _, signature = self.token().split(".")
        _, payload, _ = self.token(kind="admin", roles=["admin"]).split(".")
        return f"{head}.{payload}.{signature}"

    def unsigned(self, **claims: Any) -> str:
        """With the algorithm `none` and no signature."""
        head = _base64(json.dumps({"alg": "none", "typ": "JWT"}).encode())
        return f"{head}.{self.token(**claims).split('.')[1]}."

    def with_the_public_key_as_secret(self) -> str:
        """Signed by HMAC with what everyone can read; a verifier that believes the header's algorithm takes it."""
        _, payload, _ = self.token().split(".")
        signed = f"{_base64(json.dumps({'alg': 'HS256', 'kid': self.kid, 'typ': 'JWT'}).encode())}.{payload}"
        return f"{signed}.{_base64(hmac.digest(self.key.as_pem(private=False), signed.encode(), hashlib.sha256))}"


def another_key() -> ECKey:
    """A key that identity has never seen."""
    return ECKey.generate_key("P-256")


async def forger(live: Live, person: Person) -> Forger:
    """Somebody who got hold of the newest signing key; tokens speak for `person` unless they say otherwise."""
    (row,) = await looking.rows(live.stack, "identity", "select kid, private_jwk from signing_key order by created_at desc limit 1")
    return Forger(person, ECKey.import_key(json.loads(row["private_jwk"])), row["kid"])


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
