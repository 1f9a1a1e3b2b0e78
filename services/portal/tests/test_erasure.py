"""Of an erased person the portal shows that there was somebody, and not who."""

import secrets
from datetime import UTC, datetime
from uuid import uuid4

from contracts.people import UserChanged
from dev.erasing import tombstone, where
from dev.harness import eventually, send


def person(user_id, name, **changes):
    told = {"status": "active", "email": f"{user_id}@example.com", "time_zone": "America/New_York", "changed_at": datetime.now(UTC)}
    return UserChanged(user_id=user_id, name=name, **{"revision": 1, **told, **changes})


async def applied(portal, message_id):
    return await eventually(lambda: portal.sql("select 1 from inbox where message_id = $1", message_id))


async def test_nothing_is_left_of_a_person_and_a_replay_brings_nothing_back(portal, kafka):
    user_id, name = uuid4(), f"Marked {secrets.token_hex(6)}"
    (told,) = await send(kafka, "identity", person(user_id, name))
    await applied(portal, told)
    assert await where(portal.sql, name, f"{user_id}@example.com") == ["person"]
    (erased,) = await send(kafka, "identity", person(user_id, name, revision=2, status="erased"))
    await applied(portal, erased)
    assert await where(portal.sql, name, f"{user_id}@example.com") == []
    buried = await tombstone(kafka, user_id)
    ids = await send(kafka, "identity", person(user_id, name), person(user_id, name, revision=5))
    for message_id in (buried, *ids):
        await applied(portal, message_id)
    assert await where(portal.sql, name, f"{user_id}@example.com") == []
    (row,) = await portal.sql("select status, name from person where user_id = $1", user_id)
    assert tuple(row) == ("erased", "Somebody who was erased")
