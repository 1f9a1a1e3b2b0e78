"""What every service records of who did what (SPEC 3.10)."""

from typing import Any, Protocol

from pydantic import Field

from contracts.event import ALL_SERVICES, Event
from contracts.fields import Instant, StudentId


class AuditRecorded(Event, topic="audit.recorded", version=1, key="actor", producers=ALL_SERVICES, consumers=("portal",), partitions=6):
    """A sealed audit entry: `hash` is the head of the service's chain at `position` (the aggregate's `revision`)."""

    service: str = Field(description="The service whose chain this is")
    entry_id: int = Field(description="The entry's number in that service")
    position: int = Field(description="The entry's place in the chain, from 1")
    hash: str = Field(description="SHA-256 over the entry and the hash before it, in hexadecimal")
    actor: str = Field(description="Who did it: an id of a person or of a machine client, or `system`")
    actor_kind: str = Field(description="Kind of principal: `student`, `partner`, `admin`, `client` or `system`")
    action: str = Field(description="What was done, e.g. `enrollment.create`")
    object_type: str = Field(description="Kind of thing it was done to")
    object_id: str = Field(description="Which one")
    at: Instant = Field(description="When it was done")
    trace_id: str | None = Field(description="The trace that it was done in")
    student_id: StudentId | None = Field(default=None, description="The student whose records it touched, if any")


class Sealed(Protocol):
    """What the chassis tells of one sealed entry."""

    @property
    def position(self) -> int: ...
    @property
    def hash(self) -> str: ...
    @property
    def entry(self) -> dict[str, Any]: ...


def recorded(service: str, sealed: Sealed) -> AuditRecorded:
    """The event of one sealed audit entry of `service`."""
    entry = sealed.entry
    return AuditRecorded(
        revision=sealed.position,
        position=sealed.position,
        hash=sealed.hash,
        service=service,
        entry_id=entry["id"],
        student_id=entry["subject_id"],
        **{name: entry[name] for name in ("actor", "actor_kind", "action", "object_type", "object_id", "at", "trace_id")},
    )
