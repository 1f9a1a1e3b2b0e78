"""Events in: any order, once, and the newest state holds (SPEC 2)."""

from itertools import permutations
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from contracts.event import EVENTS
from contracts.onboarding import Skill, StudentUnassigned
from dev.harness import eventually, send
from skills.app import service as definition

KEYS = {"program": ("program", "program_id"), "enrollment": ("enrollment", "enrollment_id"), "assignment": ("access_grant", "grant_id")}


def test_every_event_that_is_meant_for_us_is_taken():
    meant = {topic for topic, event in EVENTS.items() if "skills" in event.consumers}
    taken = {topic for inbox in definition.inboxes for topic in inbox.topics}
    assert taken == meant


async def told(service, kafka, event, table, column):
    """Sends an event and waits until it, or a newer one, is applied."""
    message_id = uuid4()
    await send(kafka, "onboarding", event, message_id=message_id)
    await eventually(lambda: service.sql("select true from inbox where message_id = $1", message_id))
    key = event.assignment_id if column == "grant_id" else getattr(event, column)
    return (await service.sql(f"select * from {table} where {column} = $1", key))[0]


@pytest.mark.parametrize("order", list(permutations(KEYS)), ids="-".join)
async def test_a_student_logs_whatever_came_first(service, kafka, newcomer, order):
    who = newcomer()
    student = service.client("student", who.student_id)
    for number, what in enumerate(order):
        if number and what != "assignment":
            assert (await student.post("/v1/entries", json=who.service())).status_code == 404
        await told(service, kafka, getattr(who, what)(), *KEYS[what])
    assert (await student.post("/v1/entries", json=who.service())).status_code == 201
    holder = service.client("partner", who.partner_id, "program_holder")
    assert len((await holder.get("/v1/entries")).json()["items"]) == 1


async def test_an_older_state_never_overwrites_a_newer(service, kafka, newcomer):
    who = newcomer()
    await told(service, kafka, who.withdrawal(revision=2), *KEYS["enrollment"])
    assert (await told(service, kafka, who.enrollment(revision=1), *KEYS["enrollment"]))["status"] == "withdrawn"
    newer = who.program(revision=2, skills=(Skill(code="braid", title="Braid", quota=10),))
    await told(service, kafka, newer, *KEYS["program"])
    assert "braid" in (await told(service, kafka, who.program(revision=1), *KEYS["program"]))["skills"]
    gone = StudentUnassigned(**who.assignment().model_dump() | {"active": False, "revision": 2})
    await told(service, kafka, gone, *KEYS["assignment"])
    assert not (await told(service, kafka, who.assignment(revision=1), *KEYS["assignment"]))["active"]


async def test_a_new_catalogue_takes_the_place_of_the_old(service, kafka, apprentice, student, logged, holder):
    entry = await logged()
    await holder.post(f"/v1/entries/{entry['id']}/approval")
    await told(service, kafka, apprentice.program(revision=2, skills=(Skill(code="haircut", title="Haircut", quota=4),)), *KEYS["program"])
    found = (await student.get(f"/v1/enrollments/{apprentice.enrollment_id}/competency")).json()
    assert ([each["code"] for each in found["skills"]], found["practical_percent"]) == (["haircut"], "25")


async def test_a_malformed_event_is_set_aside_and_the_rest_goes_on(service, kafka, newcomer):
    who, part = newcomer(), TopicPartition("enrollment.created.dlq", 0)
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait("enrollment.created", b"{not json", key=str(who.enrollment_id).encode())
    await told(service, kafka, who.enrollment(), *KEYS["enrollment"])
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:

        async def letters():
            return (await consumer.end_offsets([part]))[part]

        assert await eventually(letters) > 0
