"""`partner.activated` and `partner.suspended` as they come: once, twice, in any order, wrong."""

from uuid import uuid4

from aiokafka import AIOKafkaProducer
from contracts.event import EVENTS
from contracts.examples import example
from contracts.people import Role
from dev.harness import eventually, send
from identity import consumers


def activated(user_id, **other):
    return example("partner.activated").model_copy(update={"user_id": user_id} | other)


def suspended(user_id, **other):
    return example("partner.suspended").model_copy(update={"user_id": user_id} | other)


async def applied(identity, message_id):
    await eventually(lambda: identity.sql("select 1 from inbox where message_id = $1", message_id))


def test_every_event_that_identity_is_to_take_has_a_handler():
    assert set(consumers.inbox.topics) == {topic for topic, event in EVENTS.items() if "identity" in event.consumers}


async def test_a_role_is_granted_once_however_often_it_is_told(identity, kafka):
    someone, other = uuid4(), uuid4()
    [message] = await send(kafka, "onboarding", activated(someone))
    await send(kafka, "onboarding", activated(someone), message_id=message)
    await send(kafka, "onboarding", activated(someone))
    await send(kafka, "onboarding", activated(someone, role=Role.WORKSITE, revision=4), activated(other))
    await eventually(lambda: identity.sql("select * from user_role where user_id = $1", other))
    await eventually(lambda: identity.sql("select * from user_role where user_id = $1 and role = 'worksite'", someone))
    roles = await identity.sql("select role from user_role where user_id = $1 order by role", someone)
    assert [row["role"] for row in roles] == ["program_holder", "worksite"]
    noted = await identity.sql(
        "select before ->> 'roles', after ->> 'roles' from audit_entry where action = 'role.grant' and subject_id = $1 order by id", someone
    )
    assert [tuple(row) for row in noted] == [("[]", '["program_holder"]'), ('["program_holder"]', '["program_holder", "worksite"]')]


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


async def test_who_is_suspended_loses_the_role_and_their_sessions_and_gets_it_back(identity, person, kafka):
    someone = await person()
    roles = "select role from user_role where user_id = $1"
    await send(kafka, "onboarding", activated(someone.id, revision=3))
    await eventually(lambda: identity.sql(roles, someone.id))
    await someone.sign_in()
    [message] = await send(kafka, "onboarding", suspended(someone.id, revision=4))
    await applied(identity, message)
    assert await identity.sql(roles, someone.id) == []
    assert (await someone.refresh()).status_code == 401
    await someone.sign_in()
    assert (await someone.client().get("/v1/me")).json()["roles"] == []
    await send(kafka, "onboarding", activated(someone.id, revision=5))
    assert await eventually(lambda: identity.sql(roles, someone.id)) == [("program_holder",)]
    assert (await someone.refresh()).status_code == 200
    noted = await identity.sql(
        "select action, before ->> 'roles', after ->> 'roles' from audit_entry where action like 'role.%' and subject_id = $1 order by id",
        someone.id,
    )
    granted, withdrawn = ("role.grant", "[]", '["program_holder"]'), ("role.withdraw", '["program_holder"]', "[]")
    assert [tuple(row) for row in noted] == [granted, withdrawn, granted]


async def test_the_newest_standing_holds_in_whatever_order_the_two_topics_come(identity, kafka):
    someone, back = uuid4(), uuid4()
    for event in (suspended(someone, revision=4), activated(someone, revision=3), activated(someone, revision=4)):
        [message] = await send(kafka, "onboarding", event)
        await applied(identity, message)
    for event in (activated(back, revision=5), suspended(back, revision=4), suspended(back, revision=5)):
        [message] = await send(kafka, "onboarding", event)
        await applied(identity, message)
    assert await identity.sql("select user_id, role from user_role where user_id = any($1)", [someone, back]) == [(back, "program_holder")]


async def test_a_suspension_takes_no_administrators_role(identity, admin, kafka):
    await send(kafka, "onboarding", suspended(admin.id, role=Role.ADMIN))

    async def set_aside():
        return "partner.suspended/" in identity.run("dead-letters", "list").stdout

    await eventually(set_aside)
    assert (await admin.client().get("/v1/users")).status_code == 200
