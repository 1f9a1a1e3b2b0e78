"""When a signing key is published, signs, and is dropped (SPEC 3.10)."""

from datetime import datetime, timedelta

from identity.domain.sessions import ACCESS_FOR

OVERLAP = timedelta(minutes=10)
"""From publishing to signing: a service asks for the keys every 300 seconds, and what lies between may keep them for 60."""
LEEWAY = timedelta(minutes=5)
"""For what was about to be signed when the successor took over, and for clocks that differ."""


def is_over(successor_signs_from: datetime, now: datetime) -> bool:
    """Whether the last token of a key has ended, given since when its successor signs."""
    return now >= successor_signs_from + ACCESS_FOR + LEEWAY
