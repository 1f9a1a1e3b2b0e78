"""WebAuthn: what a browser is asked for, and what its answers prove, by the library `webauthn`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from chassis.settings import Settings
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

NAME = "Chairside"
SELECTION = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
)


class NotProven(Exception):
    """The browser's answer is malformed, or proves nothing: another site, key, challenge or user, or a counter that went back."""


@dataclass(frozen=True)
class Site:
    """Whom a passkey is for: the host's name and the origin of its pages."""

    host: str
    origin: str

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        """As people see it, by CHAIRSIDE_PUBLIC_URL."""
        parts = urlsplit(settings.public_url)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def registration(site: Site, user_id: UUID, email: str, name: str, known: Iterable[bytes]) -> tuple[bytes, dict[str, Any]]:
    """The challenge, and what `navigator.credentials.create` takes; passkeys that are known are not made again."""
    options = generate_registration_options(
        rp_id=site.host, rp_name=NAME, user_id=user_id.bytes, user_name=email, user_display_name=name, authenticator_selection=SELECTION,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )  # fmt: skip
    return options.challenge, options_to_json_dict(options)


def sign_in(site: Site) -> tuple[bytes, dict[str, Any]]:
    """The challenge, and what `navigator.credentials.get` takes; whoever has a passkey of this site may answer."""
    options = generate_authentication_options(rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED)
    return options.challenge, options_to_json_dict(options)


def answered(credential: dict[str, Any]) -> tuple[bytes, bytes]:
    """The passkey's id and the challenge that an answer names; neither is proven yet. Raises NotProven."""
    try:
        client_data = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        return base64url_to_bytes(credential["rawId"]), client_data.challenge
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotProven(str(error)) from error


def registered(site: Site, credential: dict[str, Any], challenge: bytes) -> tuple[bytes, bytes, int]:
    """The id, the public key and the counter of a new passkey. Raises NotProven."""
    try:
        made = verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise NotProven(str(error)) from error
    return made.credential_id, made.credential_public_key, made.sign_count


def counted(site: Site, credential: dict[str, Any], challenge: bytes, public_key: bytes, count: int) -> int:
    """The passkey's new counter, which stands above `count` unless the passkey does not count. Raises NotProven."""
    try:
        proven = verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin,
            credential_public_key=public_key, credential_current_sign_count=count, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise NotProven(str(error)) from error
    return int(proven.new_sign_count)
