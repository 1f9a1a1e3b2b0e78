"""Machine clients: what is refused of them, and what OAuth 2 calls it (SPEC 3.10, RFC 6749)."""

from collections.abc import Collection

from chassis.errors import Conflict, NotFound

SECRETS_AT_ONCE = 2
"""The one in use, and the one that takes its place."""


class ClientNotFound(NotFound):
    """There is no such client."""

    def __init__(self) -> None:
        super().__init__("There is no client with this id. Check the id.")


class SecretNotFound(NotFound):
    """The client has no such secret."""

    def __init__(self) -> None:
        super().__init__("This client has no secret with this id. Check the id.")


class TooManySecrets(Conflict):
    """The client has as many secrets as it needs for a change of secrets."""

    def __init__(self) -> None:
        super().__init__("This client has two secrets already. Revoke the one that is not used any more, then make the next.")


class OAuthRefusal(Exception):
    """A token that is not given. `error` is one of RFC 6749, section 5.2; `sentence` says what to do."""

    def __init__(self, error: str, sentence: str) -> None:
        super().__init__(sentence)
        self.error, self.sentence = error, sentence


def client_refused() -> OAuthRefusal:
    """The same for an unknown client, a wrong and a revoked secret."""
    return OAuthRefusal("invalid_client", "The client id or the secret is not right. Check both, and whether the secret was revoked.")


def check_room_for_secret(valid: int) -> None:
    """Whether a client with so many valid secrets may be given another. Raises TooManySecrets."""
    if valid >= SECRETS_AT_ONCE:
        raise TooManySecrets


def granted_scopes(asked: str | None, allowed: Collection[str]) -> frozenset[str]:
    """The scopes that a token gets: those asked for, or all that the client has. Raises OAuthRefusal (`invalid_scope`)."""
    wanted = frozenset(allowed) if asked is None else frozenset(asked.split())
    if not wanted or not wanted <= set(allowed):
        raise OAuthRefusal("invalid_scope", f"This client may ask for {' '.join(sorted(allowed))}. Ask for one or more of these.")
    return wanted
