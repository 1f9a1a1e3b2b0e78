"""Events in: any order, once, and a failing Milady is neither lost nor in the way (SPEC 2, 3.4)."""

from itertools import permutations
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from chassis.database import Database
from contracts.event import EVENTS
from contracts.milady import MiladyProvisioned, MiladyProvisioningFailed
from contracts.onboarding import Course
from dev.harness import events_of, eventually, send
from milady_sync.app import service as definition
from milady_sync.commands import provisioning
from milady_sync.domain import Account, Failure

NOWHERE = (Course(code="no-such-course", title="No such course", minutes=60),)
TABLE = {"person": "user_id", "program": "program_id", "enrollment": "enrollment_id"}


async def told(service, kafka, who, what, **changes):
    """Sends one of a newcomer's events and waits until it is applied."""
    event = getattr(who, what)(**changes)
    await send(kafka, "identity" if what == "person" else "onboarding", event)
    query = f"select revision from {what} where {TABLE[what]} = $1 and revision >= $2"
    await eventually(lambda: service.sql(query, getattr(event, TABLE[what]), event.revision))


async def state_of(service, who):
    """The provisioning's row, as long as there is one."""
    found = await service.sql("select * from provisioning where enrollment_id = $1", who.enrollment_id)
    return found[0] if found else None


async def published(service, who, topic) -> int:
    """How many events of the topic were ever published about the enrollment."""
    return (await service.sql("select count(*) from outbox where topic = $1 and key = $2", topic, str(who.enrollment_id)))[0][0]


async def dead_letters(kafka, topic) -> int:
    """How many letters of the topic were set aside."""
    part = TopicPartition(f"{topic}.dlq", 0)
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
        return (await consumer.end_offsets([part]))[part]


def test_every_event_that_is_meant_for_us_is_taken():
    meant = {topic for topic, event in EVENTS.items() if "milady-sync" in event.consumers}
    assert meant == {topic for inbox in definition.inboxes for topic in inbox.topics}


@pytest.mark.parametrize("order", list(permutations(TABLE)), ids="-".join)
async def test_a_student_is_set_up_whatever_comes_first(service, kafka, newcomer, order):
    who = newcomer()
    for what in order:
        await told(service, kafka, who, what)
    found = (await events_of(kafka, MiladyProvisioned, where=who.mine))[0]
    assert [each.course_code for each in found.courses] == ["rise-wellbeing-safety", "rise-finance-fundamentals"]
    assert found.milady_student_id.startswith("stu_")
    assert (await state_of(service, who))["state"] == "provisioned"


async def test_copies_of_an_event_change_nothing(service, kafka, apprentice):
    message_id = uuid4()
    for _ in range(2):
        await send(kafka, "onboarding", apprentice.enrollment(revision=2), message_id=message_id)
    await send(kafka, "onboarding", apprentice.enrollment(revision=1))
    last = uuid4()
    await send(kafka, "onboarding", apprentice.enrollment(revision=3), message_id=last)
    await eventually(lambda: service.sql("select true from inbox where message_id = $1", last))
    assert await published(service, apprentice, "provisioning.requested") == 1
    assert (await service.sql("select count(*) from inbox where message_id = $1", message_id))[0][0] == 1


async def test_an_account_that_is_there_stays_as_it_is(service, apprentice):
    database = Database(service.database.login_url, "milady-sync")
    before = await state_of(service, apprentice)
    try:
        for late in (Account("stu_other", {"rise-wellbeing-safety": "enr_other"}), Failure("too late"), None):
            async with database.transaction() as tx:
                await provisioning.settle(tx, apprentice.enrollment_id, late)
    finally:
        await database.close()
    assert await state_of(service, apprentice) == before


async def test_an_older_state_never_overwrites_a_newer(service, kafka, newcomer):
    who = newcomer()
    await told(service, kafka, who, "person", revision=2, name="New Name")
    await send(kafka, "identity", who.person(revision=1, name="Old Name"), marker := who.person(user_id=uuid4()))
    await eventually(lambda: service.sql("select true from person where user_id = $1", marker.user_id))
    assert (await service.sql("select name from person where user_id = $1", who.student_id))[0]["name"] == "New Name"


async def test_who_is_withdrawn_before_being_created_is_not_set_up(service, kafka, newcomer):
    who = newcomer()
    await told(service, kafka, who, "person")
    await told(service, kafka, who, "program")
    await send(kafka, "onboarding", who.withdrawal(revision=2))
    await eventually(lambda: state_of(service, who))
    created = uuid4()
    await send(kafka, "onboarding", who.enrollment(revision=1), message_id=created)
    await eventually(lambda: service.sql("select true from inbox where message_id = $1", created))
    assert (await state_of(service, who))["state"] == "cancelled"
    assert (await service.sql("select status from enrollment where enrollment_id = $1", who.enrollment_id))[0][0] == "withdrawn"
    assert await published(service, who, "provisioning.requested") == 0


async def test_an_erased_person_leaves_nothing(service, kafka, newcomer):
    who = newcomer()
    await told(service, kafka, who, "person")
    await told(service, kafka, who, "person", revision=2, status="erased")
    left = await service.sql("select name, email, status from person where user_id = $1", who.student_id)
    assert tuple(left[0]) == ("", "", "erased")


async def test_a_failing_student_blocks_nobody_and_is_tried_again(service, kafka, newcomer, admin):
    unlucky, lucky = newcomer(), newcomer()
    for who, courses in ((unlucky, {"courses": NOWHERE}), (lucky, {})):
        await send(kafka, "identity", who.person())
        await send(kafka, "onboarding", who.program(**courses), who.enrollment())
    failed = (await events_of(kafka, MiladyProvisioningFailed, where=unlucky.mine))[0]
    assert (failed.attempts, failed.next_attempt_at is None) == (1, False)
    await events_of(kafka, MiladyProvisioned, where=lucky.mine)
    shown = (await admin.get("/v1/provisionings", params={"state": "failed", "enrollment_id": str(unlucky.enrollment_id)})).json()["items"]
    assert "404" in shown[0]["reason"]
    assert not await dead_letters(kafka, "provisioning.requested")

    await told(service, kafka, unlucky, "program", revision=2)
    answer = await admin.post(f"/v1/provisionings/{unlucky.enrollment_id}/retry")
    assert answer.status_code == 202, answer.text
    done = (await events_of(kafka, MiladyProvisioned, where=unlucky.mine))[0]
    assert done.revision > failed.revision
    again = await admin.post(f"/v1/provisionings/{unlucky.enrollment_id}/retry")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-provisioned")
    (failing, was, becomes), *_, (providing, _, done_as) = await service.trail(unlucky.enrollment_id)
    assert (failing, was, becomes["state"]) == ("provisioning.fail", {"state": "requested", "attempts": 0}, "failed")
    assert (providing, done_as["state"]) == ("enrollment.provision", "provisioned")


async def test_what_is_due_is_tried_again_by_itself(service, kafka, newcomer, control):
    await control.put("/faults", json={"down": True})
    who = newcomer()
    await send(kafka, "identity", who.person())
    await send(kafka, "onboarding", who.program(), who.enrollment())
    await events_of(kafka, MiladyProvisioningFailed, where=who.mine, within=40)
    await control.delete("/faults")
    due = "update provisioning set next_attempt_at = now() where enrollment_id = $1 and state = 'failed' and next_attempt_at > now()"

    async def set_up():
        await service.sql(due, who.enrollment_id)
        return (await state_of(service, who))["state"] == "provisioned"

    assert await eventually(set_up, within=40)


async def test_a_malformed_event_is_set_aside_and_the_rest_goes_on(service, kafka, newcomer):
    who = newcomer()
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait("enrollment.created", b"{not json", key=str(who.enrollment_id).encode())
    await told(service, kafka, who, "enrollment")
    assert await eventually(lambda: dead_letters(kafka, "enrollment.created"))
