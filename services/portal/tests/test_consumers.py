"""The read model from events: every one of them, in any order, again, and late."""

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
from contracts import examples
from contracts.event import EVENTS
from contracts.hours import HoursRejected, HoursVerified, HoursVoided
from contracts.milady import MiladyProvisioningFailed, SyncFinished
from contracts.onboarding import EnrollmentWithdrawn, PartnerActivated, PartnerApplied, PartnerApproved
from dev.harness import eventually, send
from portal.consumers import inbox


def test_every_event_that_the_contracts_list_for_the_portal_is_taken():
    assert set(inbox.topics) == {topic for topic, event in EVENTS.items() if "portal" in event.consumers}


async def test_the_whole_example_story_is_taken(portal, kafka, told):
    """Every committed example, of every version, in alphabetic order of topics (so: before what they speak of)."""
    events = [each.read_as(EVENTS[each.topic]) for each in examples.examples() if each.topic in inbox.topics]
    for event in events:
        await send(kafka, event.producers[-1], event)
    student = examples.example("enrollment.created").student_id
    await told("select 1 from enrollment where student_id = $1 and status = 'withdrawn'", student)
    await told("select 1 from alert where student_id = $1 and status = 'resolved' and revision = 2", student)
    await told("select 1 from person where user_id = $1 and name = 'Jordan Ellis'", student)
    await told("select 1 from message where recipient_id = $1 and status = 'sent'", student)
    await told("select 1 from audit_log where student_id = $1", student)
    await told("select 1 from hour_entry where student_id = $1 and status = 'voided' and minutes = 0", student)
    await told("select 1 from sync_status where scope = 'all'")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_alert_states_converge_in_any_order(portal, new_story, told, order):
    story, alert_id = new_story(), uuid4()
    states = [
        story.alert(1, alert_id, severity="low"),
        story.alert(2, alert_id, severity="high"),
        story.alert(3, alert_id, severity="high", resolved=True),
    ]
    await story.tell(*(states[number] for number in order))
    await told("select 1 from alert where alert_id = $1 and revision = 3 and status = 'resolved' and severity = 'high'", alert_id)
    last = story.logged(1)
    await story.tell(last)
    await told("select 1 from hour_entry where log_id = $1", last.log_id)
    assert len(await portal.sql("select 1 from alert where alert_id = $1 and revision = 3 and status = 'resolved'", alert_id)) == 1


async def test_a_reopened_alert_forgets_its_resolution(portal, new_story, told):
    story, alert_id = new_story(), uuid4()
    await story.tell(story.alert(1, alert_id), story.alert(2, alert_id, resolved=True), story.alert(3, alert_id))
    found = await told("select resolved_at, resolution from alert where alert_id = $1 and status = 'open' and revision = 3", alert_id)
    assert (found[0]["resolved_at"], found[0]["resolution"]) == (None, None)


async def test_an_older_revision_in_the_same_batch_does_not_win(portal, kafka, new_story, told):
    story, log_id = new_story(), uuid4()
    await send(kafka, "compliance", *(story.logged(minutes, revision, log_id) for minutes, revision in ((60, 1), (90, 3), (75, 2))))
    found = await told("select minutes from hour_entry where log_id = $1 and revision = 3", log_id)
    assert found[0]["minutes"] == 90


async def test_the_same_message_twice_is_one_row(portal, kafka, new_story, told):
    story, message = new_story(), uuid4()
    entry = story.logged(60)
    for _ in range(2):
        await send(kafka, "compliance", entry, message_id=message)
    await told("select 1 from hour_entry where log_id = $1", entry.log_id)
    totals = await portal.sql("select minutes from week_total where enrollment_id = $1", story.enrollment)
    assert [row["minutes"] for row in totals] == [60]


async def test_a_void_that_comes_first_stays(portal, new_story, told):
    story, log_id = new_story(), uuid4()
    entry = story.logged(60, 1, log_id)
    void = HoursVoided(
        revision=2,
        log_id=log_id,
        enrollment_id=story.enrollment,
        student_id=story.student,
        work_date=entry.work_date,
        source="manual",
        reason="x",
    )
    later = story.logged(30)
    await story.tell(void)
    await told("select 1 from hour_entry where log_id = $1 and status = 'voided'", log_id)
    await story.tell(entry, later)
    await told("select 1 from hour_entry where log_id = $1", later.log_id)
    assert (await portal.sql("select minutes from week_total where enrollment_id = $1", story.enrollment))[0]["minutes"] == 30


async def test_verified_hours_count_and_rejected_ones_do_not(portal, new_story, told):
    story = new_story()
    good, bad = story.logged(60), story.logged(30)
    for event, entry, more in ((HoursVerified, good, {}), (HoursRejected, bad, {"reason": "x"})):
        decided = entry.model_dump(exclude={"revision"}) | {"revision": 2, "decided_by": uuid4()}
        await story.tell(event(**decided | more), entry)
    rows = await told("select log_id, status, minutes from hour_entry where enrollment_id = $1 offset 1", story.enrollment)
    assert rows
    found = await portal.sql("select log_id, status, minutes from hour_entry where enrollment_id = $1", story.enrollment)
    assert {tuple(row) for row in found} == {(good.log_id, "verified", 60), (bad.log_id, "rejected", 30)}
    assert (await portal.sql("select minutes from week_total where enrollment_id = $1", story.enrollment))[0]["minutes"] == 60


async def test_partner_events_in_the_wrong_order_keep_every_date(portal, new_story, told):
    story = new_story()
    told_of = {"user_id": story.holder, "role": "program_holder"}
    day = story.who(story.holder, "x").changed_at
    applied = PartnerApplied(revision=1, status="pending", applied_at=day, **told_of)
    approved = PartnerApproved(revision=2, status="approved", approved_at=day, approved_by=uuid4(), **told_of)
    activated = PartnerActivated(revision=3, status="active", activated_at=day, **told_of)
    await story.tell(activated, approved, applied)
    every = "applied_at is not null and approved_at is not null and activated_at is not null"
    found = await told(f"select status, revision from partner where user_id = $1 and {every}", story.holder)
    assert tuple(found[0]) == ("active", 3)


async def test_an_older_sync_does_not_turn_the_time_back(portal, new_story, told):
    story = new_story()
    day = story.who(story.holder, "x").changed_at
    scope = {"scope": f"program:{story.program}", "scope_kind": "program", "scope_id": story.program}

    def run(as_of):
        return SyncFinished(revision=1, sync_id=uuid4(), **scope, as_of=as_of, enrollments=1, failed=(), entries_changed=0)

    newer, older, last = run(day), run(day - timedelta(hours=1)), story.logged(1)
    await story.tell(newer)
    await told("select 1 from sync_status where scope = $1", scope["scope"])
    await story.tell(older, last)
    await told("select 1 from hour_entry where log_id = $1", last.log_id)
    assert (await portal.sql("select as_of from sync_status where scope = $1", scope["scope"]))[0]["as_of"] == day


async def test_what_comes_before_its_enrollment_is_kept_and_shown_when_it_comes(browse, new_story, told):
    story = new_story()
    await story.tell(story.progressed("well", 45), story.service(status="approved"), story.logged(90), story.alert())
    await told("select 1 from alert where enrollment_id = $1", story.enrollment)
    student = browse("student", story.student)
    assert "not enrolled yet" in await student.page("/student")
    await story.tell(story.created())
    await told("select 1 from enrollment where enrollment_id = $1", story.enrollment)
    page = await student.page("/student")
    assert "1.50" in page
    assert "haircut" in page
    await story.tell(story.published())
    await told("select 1 from program where program_id = $1", story.program)
    page = await student.page("/student")
    assert "Client Well-Being &amp; Safety" in page
    assert "1 of 200" in page


async def test_a_withdrawn_enrollment_takes_no_more_hours_and_an_unassigned_student_is_gone(browse, portal, story, told):
    holder = browse("partner", story.holder, "program_holder")
    assert story.name in await holder.page("/program-holder")
    gone = EnrollmentWithdrawn(
        **story.created().model_dump() | {"revision": 2, "status": "withdrawn", "ended_on": story.created().started_on}
    )
    await story.tell(gone)
    await told("select 1 from enrollment where enrollment_id = $1 and status = 'withdrawn'", story.enrollment)
    assert "You can log hours once you are enrolled" in await browse("student", story.student).page("/student")
    assigned = story.assigned()
    ended = type(assigned)(**assigned.model_dump() | {"revision": 2, "active": False})
    await story.tell(ended, assigned)
    await told("select 1 from access_grant where grant_id = $1 and not active", story.assignment)
    assert story.name not in await holder.page("/program-holder")


async def test_milady_that_does_not_answer_is_said(browse, new_story, told):
    story = new_story()
    failed = MiladyProvisioningFailed(
        revision=1,
        enrollment_id=story.enrollment,
        student_id=story.student,
        program_id=story.program,
        reason="503",
        attempts=1,
        next_attempt_at=None,
    )
    await story.tell(story.created(), story.published(), failed)
    await told("select 1 from milady_provisioning where enrollment_id = $1", story.enrollment)
    assert "Milady has not answered yet" in await eventually(lambda: browse("student", story.student).page("/student"))


async def test_a_body_that_cannot_be_read_stops_nothing(portal, kafka, new_story, told):
    from aiokafka import AIOKafkaProducer

    story = new_story()
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait("alert.raised", b"{ not json", key=story.enrollment.bytes)
        await producer.send_and_wait("alert.raised", b"{}", key=story.enrollment.bytes, headers=[("ce_id", b"\xff")])
    alert = story.alert()
    await story.tell(alert)
    await told("select 1 from alert where alert_id = $1", alert.alert_id)
    metrics = (await portal.client().get("/metrics")).text
    assert 'dead_letters_total{consumer="portal",topic="alert.raised"} 2.0' in metrics
