"""Documents and signatures: what makes a signature valid, and what shows that it was tampered with (SPEC 3.7)."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.errors import Conflict, Malformed, NotFound

INTENT = "I have read this document whole. By typing my name I sign it, and my typed name stands for my handwritten signature."
CONSENT = "I agree to sign and to receive this document as an electronic record, and I can keep or print a copy of it."
SIGNED_FIELDS = (
    "signature_id", "user_id", "role", "document_id", "document_version", "document_hash", "intent", "consent",
    "typed_name", "signed_at", "ip", "user_agent", "authentication_method",
)  # fmt: skip
"""What the hash of a signature covers: everything that is stored of it."""


class DocumentNotFound(NotFound):
    """No such document."""

    def __init__(self) -> None:
        super().__init__("There is no document with this id. Take the ids from the current packet.")


class SignatureNotFound(NotFound):
    """No such signature, or none that the one who asks may see."""

    def __init__(self) -> None:
        super().__init__("There is no signature with this id that you may see. Check the id.")


class DocumentChanged(Conflict):
    """What was shown is not what there is to sign now."""

    def __init__(self) -> None:
        super().__init__("This document has changed since it was shown to you. Read its current version, then sign that.")


class SignatureNotNeeded(Conflict):
    """The document is there to be read."""

    def __init__(self) -> None:
        super().__init__("This document is for reading and takes no signature. Go on with the next one.")


class DocumentOfAnotherRole(Conflict):
    """The document lies in the packet of a role that the signer has not applied for."""

    def __init__(self) -> None:
        super().__init__("This document belongs to the packet of another role. Sign the documents of the role that you applied for.")


class NameDiffers(Conflict):
    """The typed name is not the signer's."""

    def __init__(self) -> None:
        super().__init__("The typed name is not the name of your account. Type your name as it stands in your account.")


class AlreadySigned(Conflict):
    """The signer has signed this version before."""

    def __init__(self) -> None:
        super().__init__("You have signed this version of the document already. Go on with the next one.")


class ConsentNeeded(Malformed):
    """A signature needs the intent to sign and the consent to electronic records."""

    def __init__(self) -> None:
        super().__init__("Confirm that you mean to sign and that you agree to electronic records; a signature needs both.")


def content_hash(content: str) -> str:
    """SHA-256 over the exact UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def signature_hash(signature: Mapping[str, Any]) -> str:
    """SHA-256 over all of SIGNED_FIELDS as canonical JSON, in hexadecimal."""
    told = {name: _plain(signature[name]) for name in SIGNED_FIELDS}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for case, spaces and the way in which accents are encoded."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def check_signing(document: Any, *, role: str, shown_hash: str, typed_name: str, name: str, intends: bool, consents: bool) -> None:
    """Whether the signer, an applicant for `role` called `name`, may sign the `document` (role, requires_signature, content).

    Raises ConsentNeeded, DocumentOfAnotherRole, SignatureNotNeeded, DocumentChanged, NameDiffers.
    """
    if not (intends and consents):
        raise ConsentNeeded
    if document.role != role:
        raise DocumentOfAnotherRole
    if not document.requires_signature:
        raise SignatureNotNeeded
    if shown_hash.lower() != content_hash(document.content):
        raise DocumentChanged
    if not same_name(typed_name, name):
        raise NameDiffers
