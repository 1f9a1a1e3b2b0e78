"""Of an erased person milady-sync keeps time and progress, under an id."""

import secrets

from dev.erasing import tombstone, where
from dev.harness import eventually, send


async def applied(service, message_id):
    return await eventually(lambda: service.sql("select 1 from inbox where message_id = $1", message_id))


async def test_nothing_is_left_of_a_person_and_a_replay_brings_nothing_back(service, kafka, newcomer):
    who = newcomer()
    name = f"Marked {secrets.token_hex(6)}"
    (told,) = await send(kafka, "identity", who.person(name=name))
    await applied(service, told)
    assert await where(service.sql, name, who.email) == ["person"]
    (erased,) = await send(kafka, "identity", who.person(name=name, revision=2, status="erased"))
    await applied(service, erased)
    assert await where(service.sql, name, who.email) == []
    (again,) = await send(kafka, "identity", who.person(name=name))
    await applied(service, again)
    assert await where(service.sql, name, who.email) == []


async def test_a_tombstone_alone_is_enough_and_nothing_comes_after_it(service, kafka, newcomer):
    who = newcomer()
    name = f"Marked {secrets.token_hex(6)}"
    await send(kafka, "identity", who.person(name=name))
    await applied(service, await tombstone(kafka, who.student_id))
    (later,) = await send(kafka, "identity", who.person(name=name, revision=9))
    await applied(service, later)
    assert await where(service.sql, name, who.email) == []
    (row,) = await service.sql("select status from person where user_id = $1", who.student_id)
    assert row["status"] == "erased"
