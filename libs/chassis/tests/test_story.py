"""One command through every room of the chassis: HTTP, transaction, outbox, relay, Kafka, inbox, audit."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from chassis.idempotency import FORGET
from chassis.schedule import Slot, run_slot
from dev.harness import eventually


async def test_a_note_is_told_once_and_audited(toy):
    me = toy.client("student", uuid4())
    answer = await me.post("/v1/notes", json={"body": "hello"})
    assert answer.status_code == 201, answer.text
    note = UUID(answer.json()["id"])
    assert answer.headers["location"] == f"/v1/notes/{note}"
    heard = await eventually(lambda: toy.sql("select * from told where note_id = $1", note))
    assert heard[0]["times"] == 1
    sealed = await eventually(lambda: toy.sql("select * from audit_entry where object_id = $1 and hash is not null", str(note)))
    assert sealed[0]["action"] == "note.write"


async def test_administrators_read_the_trail_and_verify_it(toy):
    me, admin = toy.client("student", uuid4()), toy.client("admin", uuid4(), "admin")
    note = (await me.post("/v1/notes", json={"body": "for the record"})).json()["id"]
    (entry,) = (await admin.get("/v1/audit", params={"object_id": note})).json()["items"]
    assert (entry["action"], entry["object_type"]) == ("note.write", "note")
    assert len((await admin.get("/v1/audit", params={"limit": 1})).json()["items"]) == 1
    found = (await admin.get("/v1/audit/verification")).json()
    assert found["broken_at"] is None
    for nobody in (me, toy.client("partner", uuid4(), "program_holder")):
        assert (await nobody.get("/v1/audit")).json()["type"] == "/problems/role-required"


async def test_old_answers_are_forgotten(bare, database):
    insert = "insert into idempotency_key values (uuidv7(), 'x', 'x', 'x', 201, '{}', '', now() - $1::interval)"
    for age in (timedelta(days=8), timedelta(days=6)):
        await bare.sql(insert, age)
    await run_slot(database, FORGET, Slot(FORGET.name, "UTC", datetime.now(UTC)))
    kept = await bare.sql("select created_at from idempotency_key where principal = 'x'")
    assert len(kept) == 1
