"""The event and the table of the consume bench."""

import uuid

from contracts.event import Event

TOTALS = "create table total (key text primary key, minutes bigint not null default 0, events bigint not null default 0)"


class MinutesCounted(Event, topic="minutes.counted", version=1, key="enrollment", producers=("bench",), consumers=("bench",)):
    """Some minutes for one of a thousand keys."""

    enrollment: str
    log_id: uuid.UUID
    minutes: int
