"""What milady-sync gives of a person for their export."""

from dev.erasing import misnamed
from dev.harness import eventually, send
from milady_sync.app import service as this


async def test_every_table_is_given_or_kept_back_with_a_reason(service):
    assert await misnamed(service.sql, this.holdings) == set()


async def test_one_gets_ones_own(service, kafka, newcomer):
    me, other = newcomer(), newcomer()
    for who in (me, other):
        await send(kafka, "identity", who.person())
        await send(kafka, "onboarding", who.enrollment())
        await eventually(lambda who=who: service.sql("select 1 from enrollment where student_id = $1", who.student_id))
        await eventually(lambda who=who: service.sql("select 1 from person where user_id = $1", who.student_id))
    answer = await service.client("student", me.student_id).get(f"/v1/people/{me.student_id}/records")
    given = answer.json()["tables"]
    assert [row["email"] for row in given["person"]] == [me.email]
    assert [row["enrollment_id"] for row in given["enrollment"]] == [str(me.enrollment_id)]
    assert str(other.student_id) not in answer.text
