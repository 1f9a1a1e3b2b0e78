"""What must never stand in clear: secrets, tax and bank data, told by the names of fields (SPEC 3.10)."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
WORDS = frozenset(("ach", "cvv", "ein", "iban", "itin", "otp", "passcode", "pin", "seed", "ssn", "tax", "tin", "totp"))
PARTS = (
    "password", "passphrase", "passwd", "secret", "token", "credential", "cookie", "authorization", "signature_data",
    "private_key", "private_jwk", "api_key", "recovery_code", "backup_code", "account_number", "routing_number", "bank_account",
    "card_number", "social_security", "tax_id", "taxpayer",
)  # fmt: skip
A_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_secret(name: str) -> bool:
    """Whether a field of this name is never shown: `ssn`, `tax_form`, `accountNumber`, `password_hash`; not `account` or `syntax`."""
    words = [word.lower() for word in A_WORD.findall(name)]
    spelled = "".join(words)
    return bool(WORDS.intersection(words)) or spelled.startswith("w9") or any(part.replace("_", "") in spelled for part in PARTS)


def masked(value: Any) -> Any:
    """`value` with what secret fields hold replaced, however deep they lie. None stays: that nothing was there is no secret."""
    if isinstance(value, Mapping):
        return {name: MASK if is_secret(str(name)) and inner is not None else masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(inner) for inner in value]
    return value
