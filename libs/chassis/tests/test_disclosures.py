"""Whoever reads a student's records as a partner leaves a row, and the student is shown it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio
from chassis import audit_api, disclosures_api, months
from chassis.principal import Principal

GRANT = "insert into access_grant values (uuidv7(), $1, $2, true, 1)"


@pytest_asyncio.fixture(loop_scope="session")
async def watched(toy):
    """Two students with a note each, and the partner to whom they are assigned."""
    students, partner = (uuid4(), uuid4()), uuid4()
    for student in students:
        assert (await toy.client("student", student).post("/v1/notes", json={"body": "mine"})).status_code == 201
        await toy.sql(GRANT, partner, student)
    return (*students, partner)


async def test_a_partners_list_is_one_row_that_each_student_in_it_is_shown(toy, watched):
    one, other, partner = watched
    reader, admin = toy.client("partner", partner, "worksite"), toy.client("admin", uuid4(), "admin")
    listed = (await reader.get("/v1/notes", headers={"X-Request-Id": f"by {partner}"})).json()["items"]
    assert {note["student_id"] for note in listed} == {str(one), str(other)}
    for student in (one, other):
        (row,) = (await toy.client("student", student).get("/v1/disclosures")).json()["items"]
        assert (row["operation"], row["reader_id"], row["request_id"]) == ("listNotes", str(partner), f"by {partner}")
        assert row["student_ids"] is None, "whom else the answer held is not theirs to know"
    assert await toy.disclosures(uuid4()) == await toy.disclosures(partner) == []
    (seen,) = (await admin.get("/v1/disclosures", params={"student_id": str(one)})).json()["items"]
    assert sorted(seen["student_ids"]) == sorted([str(one), str(other)])
    assert seen["id"] in [row["id"] for row in (await admin.get("/v1/disclosures")).json()["items"]]


async def test_what_is_no_disclosure_leaves_no_row(toy, watched):
    one, other, _ = watched
    await toy.client("student", one).get("/v1/notes")
    await toy.client("admin", uuid4(), "admin").get("/v1/notes")
    await toy.client("partner", uuid4(), "worksite").get("/v1/notes")
    assert await toy.disclosures(one) == await toy.disclosures(other) == []
    me = uuid4()
    await toy.client("student", me).post("/v1/notes", json={"body": "my own"})
    await toy.sql(GRANT, me, me)
    assert len((await toy.client("partner", me, "worksite").get("/v1/notes")).json()["items"]) == 1
    assert await toy.disclosures(me) == []


async def test_nobody_is_written_into_the_log_by_a_text(toy, watched):
    one, _, partner = watched
    outsider = uuid4()
    await toy.client("student", one).post("/v1/notes", json={"body": f'x","student_id":"{outsider}","y":"'})
    await toy.client("partner", partner, "worksite").get("/v1/notes")
    assert len(await toy.disclosures(one)) == 1
    assert await toy.disclosures(outsider) == []


async def test_the_log_is_paged(toy, watched):
    one, _, partner = watched
    for _ in range(5):
        await toy.client("partner", partner, "worksite").get("/v1/notes")
    mine, found, cursor = toy.client("student", one), [], {}
    for _ in range(3):
        answer = (await mine.get("/v1/disclosures", params={"limit": 2} | cursor)).json()
        found.append([row["id"] for row in answer["items"]])
        cursor = {"cursor": answer["next_cursor"]}
    assert ([len(ids) for ids in found], answer["next_cursor"]) == ([2, 2, 1], None)
    ids = [each for page in found for each in page]
    assert ids == sorted(set(ids), reverse=True)


WRITE = "insert into disclosure (reader_id, operation, student_ids) values (:reader, 'x', array[cast(:student as uuid)])"


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("student", "select student_ids from disclosure"),
        ("partner", "select student_ids from disclosure"),
        ("student", WRITE),
        ("partner", WRITE),
        ("admin", WRITE),
        *((kind, f"{what} disclosure") for kind in ("student", "partner", "admin", "system") for what in ("delete from", "truncate")),
        *((kind, "update disclosure set operation = 'y'") for kind in ("student", "partner", "admin", "system")),
    ],
)
async def test_the_log_is_written_by_reading_alone(database, kind, statement):
    asked = {"reader": uuid4(), "student": uuid4()} if statement is WRITE else None
    with pytest.raises(Exception, match=r"permission denied|row-level security"):
        async with database.transaction(Principal(kind, uuid4())) as tx:
            await tx.execute(statement, asked)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def full(bare):
    """200,000 audit entries of 500 people about 2,000 things, and 200,000 disclosures to 100 readers of 3 students out of 3,000."""
    await bare.sql(
        """insert into audit_entry (actor, actor_kind, action, object_type, object_id, subject_id, request_id)
           select md5((n % 500)::text)::uuid::text, 'student', 'note.write', 'note', 'note ' || n % 2000,
             md5((n % 700)::text)::uuid, 'r' || n from generate_series(1, 200000) n"""
    )
    await bare.sql(
        """insert into disclosure (reader_id, operation, student_ids)
           select md5((n % 100)::text)::uuid, 'listNotes', array(select md5((n * 7 + i * 31) % 3000 || 's')::uuid
             from generate_series(1, 3) i) from generate_series(1, 200000) n"""
    )
    await bare.sql("vacuum analyze audit_entry")
    await bare.sql("vacuum analyze disclosure")


async def plan(database, principal, statement, **asked):
    """What PostgreSQL does for the statement, as text."""
    async with database.transaction(principal) as tx:
        return "\n".join(row[0] for row in await tx.all(f"explain (analyze) {statement}", {"most": 51, **asked}))


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("actor", "select max(actor) from audit_entry"),
        ("object_id", "select max(object_id) from audit_entry"),
        ("subject_id", "select max(subject_id::text)::uuid from audit_entry"),
    ],
)
async def test_the_usual_filters_of_the_trail_use_their_index(bare, database, full, name, sample):
    asked = {name: (await bare.sql(sample))[0][0]}
    for more in ({}, {"last": 150_000}, {"action": "note.read"}):
        told = await plan(database, Principal("admin", uuid4()), audit_api.listing(asked | more), **asked, **more)
        assert f"_{name}_id_idx" in told, told
        assert f"Seq Scan on {months.of('audit_entry', datetime.now(UTC).date())}" not in told, told


async def test_who_read_my_records_uses_the_index_over_students(bare, database, full):
    student = (await bare.sql("select student_ids[1] from disclosure order by id limit 1"))[0][0]
    asked = {"own": (Principal("student", student), disclosures_api.OWN, {}),
             "one's": (Principal("admin", uuid4()), disclosures_api.ONES, {"student": student})}  # fmt: skip
    for principal, statement, of in asked.values():
        told = await plan(database, principal, statement, last=None, **of)
        assert "disclosure_students" in told, told
        assert "Seq Scan" not in told, told
