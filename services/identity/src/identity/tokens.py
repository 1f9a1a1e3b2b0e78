"""Access tokens and the keys that sign them: JWT, ES256, published as a JWKS (SPEC 3.10)."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils
from chassis.settings import Settings
from joserfc import jwt
from joserfc.jwk import ECKey

from identity.domain.people import kind_of
from identity.domain.sessions import ACCESS_FOR

ALGORITHM = "ES256"


@dataclass(frozen=True)
class Granted:
    """A session as it stands after a sign-in or a refresh: rows of its user and of the signing key, and the one new refresh token."""

    user: Any
    key: Any
    session_id: UUID
    refresh_token: str


def new_key() -> tuple[str, str]:
    """A fresh signing key: its id and the private JWK as JSON."""
    key = ECKey.generate_key("P-256")
    return key.thumbprint(), json.dumps(key.as_dict(private=True))


def published(keys: Iterable[Any]) -> dict[str, list[dict[str, Any]]]:
    """The JWKS of the stored keys (kid, private_jwk), without their private parts."""
    return {
        "keys": [
            {**ECKey.import_key(json.loads(key.private_jwk)).as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM}
            for key in keys
        ]
    }


def access_token(key: Any, user: Any, session_id: UUID, settings: Settings, now: datetime) -> str:
    """Signs a token for `user` (user_id, roles) with the stored `key` (kid, private_jwk); it ends after ACCESS_FOR."""
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": str(user.user_id),
        "kind": kind_of(user.roles),
        "roles": list(user.roles),
        "sid": str(session_id),
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_FOR).timestamp()),
        "jti": str(uuid_utils.uuid7()),
    }
    signing = ECKey.import_key(json.loads(key.private_jwk))
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims, signing, algorithms=[ALGORITHM])


def refresh_token() -> tuple[str, bytes]:
    """A fresh refresh token of 256 random bits, and the hash that is stored of it."""
    token = secrets.token_urlsafe(32)
    return token, hash_of(token)


def hash_of(token: str) -> bytes:
    """What is stored of a refresh token: a quick hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
