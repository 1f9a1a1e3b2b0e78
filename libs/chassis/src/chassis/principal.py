"""Who acts, and from where."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """The one in whose name a transaction runs. `kind` picks the database role (`<service>_<kind>`), `id` is set as the acting user.

    With `scopes` only what names one of them can be called. A machine client (`client`) is known by its scopes alone, and has no roles.
    """

    kind: str
    id: UUID | None = None
    roles: frozenset[str] = frozenset()
    session: str | None = None
    scopes: frozenset[str] | None = None
    client: bool = False

    @property
    def name(self) -> str:
        """How audit entries call them: the id, or the kind where there is none."""
        return str(self.id) if self.id else self.kind

    @property
    def actor_kind(self) -> str:
        """What they are called where it matters who acts and not as whom: `client` for a machine client, else the kind."""
        return "client" if self.client else self.kind

    @property
    def user_id(self) -> UUID:
        """The person's id; a principal without one cannot come through an API's door."""
        if self.id is None:
            raise ValueError(f"the {self.kind} principal is not a person")
        return self.id


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request came from, and what it asks for, for the audit trail and the disclosure log."""

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    operation: str | None = None


SYSTEM = Principal("system")
NO_CALLER = Caller()
