"""Neighbours' events with fresh ids."""

from datetime import UTC, datetime
from uuid import uuid4

from contracts.messages import MessageRequested
from contracts.people import UserChanged

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def person(name="Jordan Lee", user_id=None, revision=1, **other):
    user_id = user_id or uuid4()
    told = {"status": "active", "email": f"{user_id}@student.example", "time_zone": "America/New_York", "changed_at": NOW}
    return UserChanged(user_id=user_id, revision=revision, name=name, **(told | other))


def asked(recipient_id, kind="partner-approved", message_id=None, **data):
    data = data or {"role": "program holder"}
    return MessageRequested(revision=1, message_id=message_id or uuid4(), recipient_id=recipient_id, kind=kind, data=data)
