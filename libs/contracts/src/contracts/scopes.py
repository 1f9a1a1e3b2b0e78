"""What a machine client may be allowed to do, across services (SPEC 3.10)."""

from enum import StrEnum


class Scope(StrEnum):
    """Each right of a service names at most one; a client calls only what names one of its own."""

    HOURS_READ = "hours:read"
    HOURS_WRITE = "hours:write"
    ENROLLMENTS_READ = "enrollments:read"
    PROGRESS_READ = "progress:read"
    AUDIT_READ = "audit:read"
