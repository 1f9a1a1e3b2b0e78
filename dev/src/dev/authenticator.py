"""A passkey in software: what a browser's authenticator answers (WebAuthn), for tests through the API."""

import base64
import hashlib
import json
import os
import struct
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
Options = dict[str, Any]


def b64(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """What `b64` wrote."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One passkey of a device, for the pages at `origin`. Its attributes may be bent before it answers."""

    def __init__(self, origin: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.count, self.flags = 0, PRESENT | VERIFIED
        self.site, self.origin, self.user = urlsplit(origin).hostname or "", origin, b""

    def create(self, options: Options) -> dict[str, Any]:
        """What `navigator.credentials.create` gives."""
        self.user = unb64(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        data = self._data(self.flags | ATTESTED, bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(clientDataJSON=self._client_data("create", options["challenge"]), attestationObject=attestation)

    def get(self, options: Options, key: ec.EllipticCurvePrivateKey | None = None) -> dict[str, Any]:
        """What `navigator.credentials.get` gives, signed by another `key` if one is given."""
        client_data, data = self._client_data("get", options["challenge"]), self._data(self.flags)
        signature = (key or self.key).sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=data, signature=signature, userHandle=self.user)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int, more: bytes = b"") -> bytes:
        self.count += 1
        return hashlib.sha256(self.site.encode()).digest() + struct.pack(">BI", flags, self.count) + more

    def _answer(self, **response: bytes) -> dict[str, Any]:
        told = {name: b64(content) for name, content in response.items()}
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": told, "clientExtensionResults": {}}
