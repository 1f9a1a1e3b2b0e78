"""What a service holds of a person is given to them, whole, and to nobody else."""

from uuid import uuid4

from chassis.records import EXPORT, Holdings
from dev.erasing import misnamed
from toy.app import service


async def written(toy, **kind):
    """Somebody who wrote a note, and their id."""
    me = uuid4()
    client = toy.client(kind.get("kind", "student"), me)
    answer = await client.post("/v1/notes", json={"body": f"words of {me}"})
    assert answer.status_code == 201, answer.text
    return me, client


def path_of(person):
    return f"/v1/people/{person}/records"


async def test_one_gets_ones_own_rows_and_what_the_trail_says_and_nobody_elses(toy):
    (me, client), (other, _) = await written(toy), await written(toy)
    answer = await client.get(path_of(me))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [row["body"] for row in told["tables"]["note"]] == [f"words of {me}"]
    assert [row["action"] for row in told["tables"]["audit_entry"]] == ["note.write"]
    assert str(other) not in answer.text
    again = (await client.get(path_of(me))).json()["tables"]["audit_entry"]
    assert [row["action"] for row in sorted(again, key=lambda row: row["id"])] == ["note.write", "records.export"]


async def test_nobody_gets_somebody_elses_but_an_administrator(toy):
    me, _ = await written(toy)
    for kind in ("student", "partner"):
        refused = await toy.client(kind, uuid4(), "worksite").get(path_of(me))
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/person-not-found")
        assert str(me) not in refused.text.replace(path_of(me), "")
    assert (await toy.client().get(path_of(me))).status_code == 401
    seen = (await toy.client("admin", uuid4(), "admin").get(path_of(me))).json()
    assert [row["body"] for row in seen["tables"]["note"]] == [f"words of {me}"]


async def test_a_token_for_an_export_reads_records_and_nothing_else(toy):
    me, _ = await written(toy)
    token = toy.client("student", me, scope=EXPORT)
    assert (await token.get(path_of(me))).status_code == 200
    assert (await token.get(path_of(uuid4()))).status_code == 404
    for answer in (await token.get("/v1/notes"), await token.post("/v1/notes", json={"body": "x"}), await token.get("/v1/disclosures")):
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-required")
    client = toy.client("client", uuid4(), scope="notes:read")
    assert (await client.get(path_of(me))).status_code == 403


async def test_what_others_did_to_ones_records_is_told_without_where_from(toy, bare):
    me, admin = uuid4(), uuid4()
    insert = """insert into audit_entry (actor, actor_kind, action, object_type, object_id, subject_id, ip, before, after)
                values ($1, 'admin', 'note.change', 'note', 'n', $2, '192.0.2.9', '{"a": 1}', '{"a": 2}')"""
    await toy.sql(insert, str(admin), me)
    (entry,) = (await toy.client("student", me).get(path_of(me))).json()["tables"]["audit_entry"]
    assert (entry["actor"], entry["ip"], entry["before"], entry["after"]) == (str(admin), None, {"a": 1}, {"a": 2})
    theirs = (await toy.client("admin", admin, "admin").get(path_of(admin))).json()["tables"]["audit_entry"][0]
    assert (theirs["ip"], theirs["before"], theirs["after"]) == ("192.0.2.9", None, None)


async def test_a_table_that_somebody_forgot_is_found(toy):
    assert await misnamed(toy.sql, service.holdings) == set()
    assert await misnamed(toy.sql, Holdings()) == {"note", "told"}
