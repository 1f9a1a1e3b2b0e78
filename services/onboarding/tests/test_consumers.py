"""Events as they come: twice, late, out of order, wrong, and about what is not known here."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from contracts.event import EVENTS
from contracts.examples import example
from dev.harness import eventually, send
from onboarding import consumers


def person(**other):
    return example("user.changed", "student").model_copy(update=other)


def progress(**other):
    return example("course.progressed", "wellbeing").model_copy(update=other)


def test_every_event_that_onboarding_is_to_take_has_a_handler():
    assert set(consumers.inbox.topics) == {topic for topic, event in EVENTS.items() if "onboarding" in event.consumers}


async def test_an_older_state_of_a_person_never_overwrites_a_newer(onboarding, kafka):
    someone, last = uuid4(), uuid4()
    newest = person(user_id=someone, revision=3, name="Newest")
    [message] = await send(kafka, "identity", newest)
    await send(kafka, "identity", person(user_id=someone, revision=2, name="Older", status="deactivated"))
    await send(kafka, "identity", newest, message_id=message)
    await send(kafka, "identity", person(user_id=last))
    await eventually(lambda: onboarding.sql("select * from person where user_id = $1", last))
    [row] = await eventually(lambda: onboarding.sql("select * from person where user_id = $1", someone))
    assert (row["name"], row["status"], row["revision"]) == ("Newest", "active", 3)


async def test_several_states_in_one_batch_leave_the_newest(onboarding, kafka):
    someone = uuid4()
    await send(kafka, "identity", *(person(user_id=someone, revision=n, name=f"Name {n}") for n in (1, 4, 2, 3)))
    newest = "select * from person where user_id = $1 and revision = 4 and name = 'Name 4'"
    assert len(await eventually(lambda: onboarding.sql(newest, someone))) == 1


async def test_the_newest_progress_of_each_course_is_kept_also_of_an_unknown_enrollment(onboarding, kafka):
    enrollment, as_of = uuid4(), datetime(2026, 11, 15, 8, 30, tzinfo=UTC)
    await send(
        kafka, "milady-sync",
        progress(enrollment_id=enrollment, revision=2, percent=Decimal("45.5"), as_of=as_of),
        progress(enrollment_id=enrollment, revision=1, percent=Decimal(10)),
        progress(enrollment_id=enrollment, course_code="another", revision=1, percent=Decimal(5)),
    )  # fmt: skip
    kept = "select course_code, percent, revision, as_of from course_progress where enrollment_id = $1 order by course_code"

    async def both():
        rows = await onboarding.sql(kept, enrollment)
        return rows if len(rows) == 2 else None

    other, wellbeing = await eventually(both)
    assert (other["course_code"], other["percent"], other["revision"]) == ("another", 5, 1)
    assert (wellbeing["percent"], wellbeing["revision"], wellbeing["as_of"]) == (Decimal("45.5"), 2, as_of)


async def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(onboarding, kafka):
    someone = uuid4()
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait("user.changed", b'{"user_id": 1', key=b"x")
        await producer.send_and_wait("course.progressed", b"{}", key=b"x", headers=[("ce_id", b"\xff")])
    await send(kafka, "identity", person(user_id=someone))
    await eventually(lambda: onboarding.sql("select * from person where user_id = $1", someone))

    async def letters():
        told = onboarding.run("dead-letters", "list").stdout
        return told if "user.changed/" in told and "course.progressed/" in told else ""

    assert await eventually(letters)


async def test_a_tombstone_of_a_person_stops_nothing(onboarding, kafka):
    someone = uuid4()
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait("user.changed", None, key=str(uuid4()).encode())
    await send(kafka, "identity", person(user_id=someone))
    assert len(await eventually(lambda: onboarding.sql("select * from person where user_id = $1", someone))) == 1
