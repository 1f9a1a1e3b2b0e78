"""What messaging gives of a person for their export."""

from dev.erasing import misnamed
from dev.harness import eventually, send
from messaging.app import service
from people import asked, person


async def test_every_table_is_given_or_kept_back_with_a_reason(messaging):
    assert await misnamed(messaging.sql, service.holdings) == set()


async def test_one_gets_what_one_was_told(messaging, kafka):
    me, other = person(), person()
    await send(kafka, "identity", me, other)
    for who in (me, other):
        await send(kafka, "compliance", asked(who.user_id))
        await eventually(lambda who=who: messaging.sql("select 1 from message where recipient_id = $1", who.user_id))
    answer = await messaging.client("student", me.user_id).get(f"/v1/people/{me.user_id}/records")
    given = answer.json()["tables"]
    assert [row["email"] for row in given["person"]] == [me.email]
    assert [row["kind"] for row in given["message"]] == ["partner-approved"]
    assert other.email not in answer.text
