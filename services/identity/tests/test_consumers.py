"""`partner.activated` as it comes: once, twice, wrong."""

from uuid import uuid4

from aiokafka import AIOKafkaProducer
from contracts.event import EVENTS
from contracts.examples import example
from contracts.people import Role
from dev.harness import eventually, send
from identity import consumers


def activated(user_id, **other):
    return example("partner.activated").model_copy(update={"user_id": user_id} | other)


def test_every_event_that_identity_is_to_take_has_a_handler():
    assert set(consumers.inbox.topics) == {topic for topic, event in EVENTS.items() if "identity" in event.consumers}


async def test_a_role_is_granted_once_however_often_it_is_told(identity, kafka):
    someone, other = uuid4(), uuid4()
    [message] = await send(kafka, "onboarding", activated(someone))
    await send(kafka, "onboarding", activated(someone), message_id=message)
    await send(kafka, "onboarding", activated(someone))
    await send(kafka, "onboarding", activated(someone, role=Role.WORKSITE), activated(other))
    await eventually(lambda: identity.sql("select * from user_role where user_id = $1", other))
    await eventually(lambda: identity.sql("select * from user_role where user_id = $1 and role = 'worksite'", someone))
    roles = await identity.sql("select role from user_role where user_id = $1 order by role", someone)
    assert [row["role"] for row in roles] == ["program_holder", "worksite"]
    noted = await identity.sql("select * from audit_entry where action = 'role.grant' and subject_id = $1", someone)
    assert len(noted) == 2


async def test_what_grants_an_administrator_or_cannot_be_read_is_set_aside_and_the_rest_goes_on(identity, kafka):
    climber, someone = uuid4(), uuid4()
    await send(kafka, "onboarding", activated(climber, role=Role.ADMIN))
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait("partner.activated", b"{not json", key=str(climber).encode())
    await send(kafka, "onboarding", activated(someone))
    await eventually(lambda: identity.sql("select * from user_role where user_id = $1", someone))

    async def letters():
        told = identity.run("dead-letters", "list").stdout
        return told if "RoleNotGrantable" in told and "UnreadableError" in told else ""

    await eventually(letters)
    assert not await identity.sql("select * from user_role where user_id = $1", climber)
