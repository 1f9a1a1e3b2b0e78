"""What every service records of who did what (SPEC 3.10)."""

from datetime import datetime
from uuid import UUID

from contracts.event import ALL_SERVICES, Event


class AuditRecorded(Event, topic="audit.recorded", version=1, key="actor", producers=ALL_SERVICES, consumers=("portal",), partitions=6):
    """A sealed audit entry: `hash` is the head of the service's chain at `position` (the aggregate's `revision`)."""

    service: str
    entry_id: int
    position: int
    hash: str
    actor: str
    actor_kind: str
    action: str
    object_type: str
    object_id: str
    at: datetime
    trace_id: str | None
    student_id: UUID | None = None
