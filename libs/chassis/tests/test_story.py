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


async def test_the_trail_is_narrowed_by_each_filter_and_paged_with_all_of_them(toy):
    me, admin = toy.client("student", uuid4()), toy.client("admin", uuid4(), "admin")
    begun = datetime.now(UTC)
    notes = [
        (await me.post("/v1/notes", json={"body": f"no {n}"}, headers={"X-Request-Id": f"r-{begun} {n}"})).json()["id"] for n in range(5)
    ]
    await toy.client("student", uuid4()).post("/v1/notes", json={"body": "another's"})
    own = (await admin.get("/v1/audit", params={"object_id": notes[2]})).json()["items"][0]
    wanted = {
        "actor": own["actor"], "action": "note.write", "object_type": "note", "from": begun.isoformat(),
        "until": (datetime.now(UTC) + timedelta(minutes=1)).isoformat(),
    }  # fmt: skip
    pages, cursor = [], None
    for _ in range(3):
        asked = wanted | {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await admin.get("/v1/audit", params=asked)).json()
        pages.append([entry["object_id"] for entry in answer["items"]])
        cursor = answer["next_cursor"]
    assert (pages, cursor) == ([[notes[4], notes[3]], [notes[2], notes[1]], [notes[0]]], None)

    async def found(**params):
        return [entry["object_id"] for entry in (await admin.get("/v1/audit", params=params)).json()["items"]]

    for one in ("request_id", "trace_id", "object_id"):
        assert await found(**{one: own[one]}) == [notes[2]], one
    for one, other in (
        ("action", "note.read"),
        ("object_type", "page"),
        ("subject_id", str(uuid4())),
        ("request_id", "r"),
        ("trace_id", "t"),
    ):
        assert await found(**{"actor": own["actor"], one: other}) == [], one
    assert await found(**{"actor": own["actor"], "until": own["at"]}) == [notes[1], notes[0]]
    assert await found(**{"actor": own["actor"], "from": own["at"]}) == [notes[4], notes[3], notes[2]]
    assert (own["before"], own["after"]) == (None, {"body": "no 2"})
    assert (await admin.get("/v1/audit", params={"from": "2026-11-25T10:00:00"})).status_code == 422
