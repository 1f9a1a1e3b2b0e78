"""Secrets at rest that must be read again (private keys, bank numbers): encrypted with a key that the database does not hold."""

import base64
from functools import lru_cache
from typing import Annotated

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field, SecretStr

SealingKey = Annotated[
    SecretStr,
    Field(min_length=16, max_length=2000, description="at least 16 characters, kept apart from the database"),
]
"""The setting `sealing_key` of a service that seals. Several, comma separated: the first encrypts, all decrypt."""


class SealBroken(Exception):
    """What is stored was encrypted with a key that CHAIRSIDE_SEALING_KEY does not name, or was changed since."""


class Seal:
    """Encrypts and authenticates text (Fernet); a purpose's text opens under that purpose alone."""

    def __init__(self, keys: tuple[str, ...], purpose: str) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key, purpose)) for key in keys])

    def close(self, secret: str) -> str:
        """The encrypted form of `secret`, another one each time."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was closed. Raises SealBroken."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken("A stored secret does not open. Is CHAIRSIDE_SEALING_KEY the one that it was closed with?") from None


def _derived(key: str, purpose: str) -> bytes:
    return base64.urlsafe_b64encode(HKDF(SHA256(), 32, None, purpose.encode()).derive(key.encode()))


@lru_cache(maxsize=8)
def _seal(keys: str, purpose: str) -> Seal:
    return Seal(tuple(key.strip() for key in keys.split(",") if key.strip()), purpose)


def seal(key: SecretStr, purpose: str) -> Seal:
    """What closes and opens secrets of one purpose with the setting `sealing_key`."""
    return _seal(key.get_secret_value(), purpose)
