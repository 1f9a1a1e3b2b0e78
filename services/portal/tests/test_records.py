"""What the portal gives of a person for their export."""

from uuid import uuid4

from dev.erasing import misnamed
from dev.harness import eventually, send
from portal.app import service


async def test_every_table_is_given_or_kept_back_with_a_reason(portal):
    assert await misnamed(portal.sql, service.holdings) == set()


async def test_one_gets_ones_own(portal, kafka, new_story):
    me, other, person = uuid4(), uuid4(), new_story().who
    await send(kafka, "identity", person(me, "Mine"), person(other, "Somebody Else"))
    await eventually(lambda: portal.sql("select 1 from person where user_id = $1", other))
    await eventually(lambda: portal.sql("select 1 from person where user_id = $1", me))
    answer = await portal.client("student", me).get(f"/v1/people/{me}/records")
    assert [row["name"] for row in answer.json()["tables"]["person"]] == ["Mine"]
    assert "Somebody Else" not in answer.text
