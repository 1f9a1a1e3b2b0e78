"""Of an erased student compliance keeps the numbers, and no word that was written beside them."""

import secrets
from datetime import timedelta

from contracts.examples import example
from contracts.hours import HoursRejected, HoursVoided
from dev.erasing import tombstone, where
from dev.harness import eventually, send


def person(place, **changes):
    return example("user.changed", "student").model_copy(update={"user_id": place.student_id, **changes})


async def applied(compliance, message_id):
    return await eventually(lambda: compliance.sql("select 1 from inbox where message_id = $1", message_id))


async def test_notes_and_reasons_go_and_hours_stay(compliance, kafka, enroll):
    place, other, mark = await enroll(), await enroll(), secrets.token_hex(8)
    for each in (place, other):
        day, whose = each.started_on + timedelta(days=1), f"{mark} {each.student_id}"
        (refused, mistaken) = [(await each.log(day, minutes, notes=f"with {whose}")).json() for minutes in (300, 60)]
        void = await each.as_("student").post(f"/v1/hours/{mistaken['log_id']}/void", json={"reason": f"not with {whose}"})
        assert void.status_code == 200, void.text
        rejection = await each.revise("admin", refused, "rejection", reason=f"never with {whose}")
        assert rejection.status_code == 200, rejection.text
        away = {"enrollment_id": str(each.enrollment_id), "first_on": "2090-01-01", "notes": f"away with {whose}"}
        assert (await each.as_("admin").post("/v1/leaves", json=away)).status_code == 201
    gone = f"{mark} {place.student_id}"
    assert await where(compliance.sql, gone) == ["audit_entry", "hour_entry", "leave", "outbox"]
    before = await compliance.sql("select minutes, status from newest_hours where student_id = $1 order by log_id", place.student_id)
    (erased,) = await send(kafka, "identity", person(place, revision=2, status="erased"))
    await applied(compliance, erased)
    assert await where(compliance.sql, gone) == []
    after = await compliance.sql("select minutes, status from newest_hours where student_id = $1 order by log_id", place.student_id)
    assert after == before
    assert "hour_entry" in await where(compliance.sql, f"{mark} {other.student_id}")
    for event in (HoursVoided, HoursRejected):
        told = "select value from outbox where topic = $1 and key = $2"
        (row,) = await compliance.sql(told, event.topic, str(place.enrollment_id))
        assert event.read(event.schema_uri(), row["value"].encode()).reason == "erased"


async def test_what_a_last_token_wrote_goes_with_the_tombstone(compliance, kafka, enroll):
    place, mark = await enroll(), secrets.token_hex(8)
    (erased,) = await send(kafka, "identity", person(place, revision=2, status="erased"))
    await applied(compliance, erased)
    assert (await place.log(place.started_on + timedelta(days=1), 60, notes=f"late {mark}")).status_code == 201
    await applied(compliance, await tombstone(kafka, place.student_id))
    assert await where(compliance.sql, mark) == []
