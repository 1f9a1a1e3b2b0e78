"""Access tokens and the keys that sign them: JWT, ES256, published as a JWKS (SPEC 3.10)."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils
from chassis.auth import CLIENT
from chassis.records import EXPORT
from chassis.settings import Settings
from joserfc import jwt
from joserfc.jwk import ECKey

from identity.domain.factors import ENROLL, must_enroll
from identity.domain.people import acting_roles, kind_of
from identity.domain.sessions import ACCESS_FOR
from identity.settings import IdentitySettings

ALGORITHM = "ES256"


@dataclass(frozen=True)
class Granted:
    """A session as it stands after a sign-in or a refresh: the row of its user, how they signed in, and the one new refresh token."""

    user: Any
    session_id: UUID
    methods: tuple[str, ...]
    refresh_token: str


@dataclass(frozen=True)
class SigningKey:
    """A key that signs: its id, and the private JWK as JSON."""

    kid: str
    jwk: str = field(repr=False)


def new_key() -> SigningKey:
    """A fresh signing key."""
    key = ECKey.generate_key("P-256")
    return SigningKey(key.thumbprint(), json.dumps(key.as_dict(private=True)))


def public_part(jwk: str) -> str:
    """What is published of a key, as JSON, from its private or its public JWK."""
    key = ECKey.import_key(json.loads(jwk))
    return json.dumps({**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM})


def published(jwks: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The JWKS of keys, private or public, without their private parts."""
    return {"keys": [json.loads(public_part(jwk)) for jwk in jwks]}


def is_narrowed(granted: Granted, settings: IdentitySettings) -> bool:
    """Whether the session's token opens the enrolment of a second factor alone."""
    return must_enroll(kind_of(granted.user.roles), granted.methods, required=settings.admin_second_factor == "required")


def access_token(key: SigningKey, granted: Granted, settings: IdentitySettings, now: datetime) -> str:
    """Signs a token for a session with `key`; it ends after ACCESS_FOR. `amr` says how the person signed in (RFC 8176).

    A narrowed one is that of somebody without roles: whoever does not look at scopes takes it for no more than that.
    """
    narrowed = is_narrowed(granted, settings)
    roles = [] if narrowed else acting_roles(granted.user.roles)
    who = {"sub": str(granted.user.user_id), "kind": kind_of(roles), "roles": roles, "sid": str(granted.session_id)}
    if narrowed:
        who["scope"] = ENROLL
    return _signed(key, settings, now, **who, amr=list(granted.methods))


def client_token(key: SigningKey, client_id: UUID, scopes: Iterable[str], settings: Settings, now: datetime) -> str:
    """Signs a token for a machine client, good for these scopes alone; it ends after ACCESS_FOR."""
    return _signed(key, settings, now, sub=str(client_id), client_id=str(client_id), kind=CLIENT, scope=" ".join(sorted(scopes)))


def export_token(key: SigningKey, user: Any, settings: Settings, now: datetime) -> str:
    """Signs a token in the name of a person, a row of `queries`, which opens the reading of their records alone, for ACCESS_FOR."""
    return _signed(key, settings, now, sub=str(user.user_id), kind=kind_of(user.roles), roles=[], scope=EXPORT)


def _signed(key: SigningKey, settings: Settings, now: datetime, **who: Any) -> str:
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        **who,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_FOR).timestamp()),
        "jti": str(uuid_utils.uuid7()),
    }
    signing = ECKey.import_key(json.loads(key.jwk))
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims, signing, algorithms=[ALGORITHM])


def refresh_token() -> tuple[str, bytes]:
    """A fresh token or secret of 256 random bits, and the hash that is stored of it."""
    token = secrets.token_urlsafe(32)
    return token, hash_of(token)


def hash_of(token: str) -> bytes:
    """What is stored of a refresh token or a client's secret: a quick hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
