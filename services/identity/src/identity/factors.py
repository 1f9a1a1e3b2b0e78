"""The secrets of second factors: made, checked, and put into the form in which they are stored."""

import secrets
from base64 import b32encode
from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

from identity.domain.factors import RECOVERY_CODES
from identity.tokens import hash_of

ISSUER = "Chairside"


def new_totp_secret() -> str:
    """160 random bits in base32, as authenticator apps take it."""
    return pyotp.random_base32()


def totp_uri(secret: str, email: str) -> str:
    """What a QR code shows to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step that the code belongs to, this one or the one before or after; None for any other code."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=1)
    except OTPVerificationError:
        return None


def recovery_codes() -> list[str]:
    """Fresh codes of 80 random bits each, in groups of four to be written down."""
    made = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in made]


def recovery_hash(code: str) -> bytes:
    """What is stored of a recovery code, however it is typed: a quick hash is enough for 80 random bits."""
    return hash_of("".join(letter for letter in code.lower() if letter.isalnum()))
