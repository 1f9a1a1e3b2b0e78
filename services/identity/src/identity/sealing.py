"""What identity seals: the keys that sign tokens, and the secrets of authenticator apps."""

from chassis.sealing import Seal, seal

from identity.settings import IdentitySettings

SIGNING_KEYS, TOTP_SECRETS = "signing keys", "totp secrets"


def signing_seal(settings: IdentitySettings) -> Seal:
    """What closes the keys that sign tokens."""
    return seal(settings.sealing_key, SIGNING_KEYS)


def totp_seal(settings: IdentitySettings) -> Seal:
    """What closes the secrets of authenticator apps."""
    return seal(settings.sealing_key, TOTP_SECRETS)
