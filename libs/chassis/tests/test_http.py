"""What a gateway client meets: tokens, idempotency keys, problems, pages, and rows that are not theirs."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from dev.harness import eventually


async def test_a_key_sent_twice_runs_once_and_gets_the_first_answer(toy):
    me, headers = toy.client("student", uuid4()), {"Idempotency-Key": str(uuid4())}
    first = await me.post("/v1/notes", json={"body": "once"}, headers=headers)
    again = await me.post("/v1/notes", json={"body": "once"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await me.get("/v1/notes")).json()["items"]) == 1


async def test_a_refusal_is_kept_as_the_answer_too(toy):
    me, headers = toy.client("student", uuid4()), {"Idempotency-Key": str(uuid4())}
    first = await me.post("/v1/notes", json={"body": "LOUD"}, headers=headers)
    again = await me.post("/v1/notes", json={"body": "LOUD"}, headers=headers)
    assert first.status_code == again.status_code == 409
    assert first.json()["type"] == "/problems/note-too-loud"
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert (await me.get("/v1/notes")).json()["items"] == []


async def test_a_key_with_another_body_is_refused(toy):
    me, headers = toy.client("student", uuid4()), {"Idempotency-Key": "same"}
    await me.post("/v1/notes", json={"body": "one"}, headers=headers)
    other = await me.post("/v1/notes", json={"body": "two"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


@pytest.mark.parametrize("where", ["body", "query"])
async def test_a_text_that_cannot_be_kept_is_the_callers_to_mend(toy, where):
    me, admin = toy.client("student", uuid4()), toy.client("admin", uuid4(), "admin")
    if where == "body":
        answer = await me.post("/v1/notes", json={"body": "a\x00b"})
    else:
        answer = await admin.get("/v1/audit", params={"action": "a\x00b"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/malformed-request")
    assert "NUL" in answer.json()["detail"]
    assert (await me.get("/v1/notes")).json()["items"] == []


async def test_two_at_once_run_once(toy):
    me, headers = toy.client("student", uuid4()), {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(*(me.post("/v1/notes", json={"body": "race"}, headers=headers) for _ in range(8)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len((await me.get("/v1/notes")).json()["items"]) == 1


async def test_of_two_that_are_certainly_under_way_at_once_one_runs(toy):
    """Both stand in the database, held up there by somebody else, before either can get on."""
    me, headers = toy.client("student", uuid4()), {"Idempotency-Key": str(uuid4())}
    blocker = await asyncpg.connect(toy.database.admin_url)

    async def both_wait():
        count = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return await blocker.fetchval(count) == 2

    async with blocker.transaction():
        await blocker.execute("lock table note in access exclusive mode")
        posts = [asyncio.create_task(me.post("/v1/notes", json={"body": "held"}, headers=headers)) for _ in range(2)]
        await eventually(both_wait)
    answers = await asyncio.gather(*posts)
    await blocker.close()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [False, True]
    assert len((await me.get("/v1/notes")).json()["items"]) == 1


async def test_the_same_key_of_two_people_is_two_keys(toy):
    headers = {"Idempotency-Key": "mine"}
    answers = [await toy.client("student", uuid4()).post("/v1/notes", json={"body": "own"}, headers=headers) for _ in range(2)]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_a_fault_is_answered_without_a_word_of_its_inside(toy):
    answer = await toy.client("student", uuid4()).post("/v1/notes", json={"body": "crash"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert len(answer.json()["trace_id"]) == 32


@pytest.mark.parametrize(
    ("body", "status"), [("{", 422), ("[]", 422), ('{"body": ""}', 422), ('{"body": 7}', 422), ('{"body": "' + "x" * 1001 + '"}', 422)]
)
async def test_a_malformed_body_is_named(toy, body, status):
    answer = await toy.client("student", uuid4()).post("/v1/notes", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["type"] == "/problems/malformed-request"
    assert answer.json()["errors"]


async def test_pages_follow_each_other_without_gap_or_repeat(toy):
    me = toy.client("student", uuid4())
    written = [(await me.post("/v1/notes", json={"body": f"n{i}"})).json()["id"] for i in range(7)]
    seen, cursor = [], None
    for _ in range(10):
        got = (await me.get("/v1/notes", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in got["items"]]
        if (cursor := got["next_cursor"]) is None:
            break
    assert seen == sorted(written)
    assert (await me.get("/v1/notes", params={"cursor": "nonsense"})).json()["type"] == "/problems/cursor-not-usable"
    assert (await me.get("/v1/notes", params={"limit": 501})).status_code == 422


async def test_rows_of_others_are_not_there(toy):
    student = uuid4()
    await toy.client("student", student).post("/v1/notes", json={"body": "private"})
    assert (await toy.client("student", uuid4()).get("/v1/notes")).json()["items"] == []
    partner = uuid4()
    assert (await toy.client("partner", partner).get("/v1/notes")).json()["items"] == []
    await toy.sql("insert into access_grant values ($1, $2, $3, true, 1)", uuid4(), partner, student)
    assert len((await toy.client("partner", partner).get("/v1/notes")).json()["items"]) == 1
    await toy.sql("update access_grant set active = false where viewer_id = $1", partner)
    assert (await toy.client("partner", partner).get("/v1/notes")).json()["items"] == []


async def test_probes_and_documents_are_served(toy):
    nobody = toy.client()
    assert (await nobody.get("/livez")).status_code == 200
    assert (await nobody.get("/readyz")).json() == {"ready": True, "missing": {}}
    assert "outbox_depth" in (await nobody.get("/metrics")).text
    described = (await nobody.get("/openapi.json")).json()["paths"]["/v1/notes"]
    assert all("application/problem+json" in each["responses"]["4XX"]["content"] for each in described.values())
    assert (await nobody.get("/v1/nothing")).json()["type"] == "/problems/not-found"


async def test_a_kind_that_extends_another_may_do_what_that_one_may_and_sees_its_own_alone(toy):
    someone = toy.client("student", uuid4())
    await someone.post("/v1/notes", json={"body": "a student's"})
    me, headers = toy.client("payroll_admin", uuid4(), "payroll_admin"), {"Idempotency-Key": str(uuid4())}
    answers = [await me.post("/v1/notes", json={"body": "mine"}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [note["body"] for note in (await me.get("/v1/notes")).json()["items"]] == ["mine"]
    assert (await me.get("/v1/disclosures")).status_code == 200
    refused = await me.get("/v1/audit")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/role-required")
