"""Of an erased student skills keeps that services were performed, and no photo and no word."""

import secrets
from pathlib import Path

from contracts.examples import example
from dev.erasing import tombstone, where
from dev.harness import eventually, send


def person(who, **changes):
    return example("user.changed", "student").model_copy(update={"user_id": who.student_id, **changes})


def files(service):
    folder = Path(service.env["CHAIRSIDE_STORAGE"].removeprefix("file://"))
    return set(folder.rglob("*.jpg"))


async def applied(service, message_id):
    return await eventually(lambda: service.sql("select 1 from inbox where message_id = $1", message_id))


async def test_photos_and_words_go_and_the_record_stays(service, kafka, apprentice, logged, holder):
    before = files(service)
    mark = secrets.token_hex(8)
    entry = await logged(description=f"for {mark}", client_identifier=f"C-{mark[:6]}")
    rejected = await holder.post(f"/v1/entries/{entry['id']}/rejection", json={"feedback": f"better, {mark}"})
    assert rejected.status_code == 200, rejected.text
    assert len(files(service) - before) == 2
    marks = (mark, f"C-{mark[:6]}")
    assert "entry" in await where(service.sql, *marks)
    (erased,) = await send(kafka, "identity", person(apprentice, revision=2, status="erased"))
    await applied(service, erased)
    assert files(service) - before == set()
    assert await where(service.sql, *marks) == []
    (row,) = await service.sql("select * from entry where student_id = $1", apprentice.student_id)
    assert (row["status"], row["duration_minutes"], row["self_rating"]) == ("rejected", 40, 4)
    assert (row["before_photo"], row["after_photo"], row["description"], row["feedback"]) == (None, None, None, None)


async def test_what_a_last_token_wrote_goes_with_the_tombstone(service, kafka, apprentice, logged):
    before, mark = files(service), secrets.token_hex(8)
    (erased,) = await send(kafka, "identity", person(apprentice, revision=2, status="erased"))
    await applied(service, erased)
    await logged(description=f"late {mark}")
    assert len(files(service) - before) == 2
    await applied(service, await tombstone(kafka, apprentice.student_id))
    assert files(service) - before == set()
    assert await where(service.sql, mark) == []


async def test_others_and_the_living_keep_what_is_theirs(service, kafka, apprentice, newcomer, logged):
    before, mark = files(service), secrets.token_hex(8)
    await logged(description=f"mine {mark}")
    (changed,) = await send(kafka, "identity", person(apprentice, revision=2))
    (erased,) = await send(kafka, "identity", person(newcomer(), revision=2, status="erased"))
    await applied(service, changed)
    await applied(service, erased)
    assert len(files(service) - before) == 2
    assert "entry" in await where(service.sql, mark)
