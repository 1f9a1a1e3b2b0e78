"""One command through every room of the chassis: HTTP, transaction, outbox, relay, Kafka, inbox, audit."""

from uuid import UUID, uuid4

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
