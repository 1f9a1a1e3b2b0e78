"""One command, one trace: from the client's request over every topic to the last service that hears of it, and on into outside systems."""

import pytest
from dev.demo import acts
from dev.demo.stage import Stage, eventually
from dev.stack import SERVICES

from . import looking, people, spans
from .spans import Span, Trace

pytestmark = pytest.mark.timeout(900)
ZONE = "America/Chicago"


def roots(found: list[Span], trace: Trace) -> list[str]:
    """The services that the client itself spoke to."""
    return [span.service for span in found if span.parent == trace.parent]


async def test_hours_that_resolve_an_alert_are_one_trace(stage: Stage) -> None:
    holder, student = await people.program_holder(stage), await people.somebody(stage, "Student")
    enrollment = await people.enroll(holder, await people.program(holder, ZONE), student, people.weeks_ago(6))
    await people.until_known(student, enrollment)
    trace, week = Trace.begun(), people.weeks_ago(5)
    await people.alerted(stage, holder, student, enrollment, ZONE, week)
    entry = {"enrollment_id": enrollment, "work_date": week.isoformat(), "minutes": 540, "category": "practical", "source": "manual"}
    answer = await student.http.post("/api/compliance/v1/hours", json=entry, headers=trace.headers)
    assert answer.status_code == 201, answer.text
    assert await acts.alerts(holder, enrollment, "open", week) == []
    found = await spans.complete(stage.stack, trace, "hours.logged", "alert.resolved")
    assert roots(found, trace) == ["compliance"]
    assert spans.edges(found) == {("compliance", "hours.logged", "portal"), ("compliance", "alert.resolved", "portal")}


async def test_an_enrollment_is_one_trace_into_the_outside_system(stage: Stage) -> None:
    holder, student = await people.program_holder(stage), await people.somebody(stage, "Student")
    program = await people.program(holder, ZONE)
    await looking.settled(stage.stack)
    trace = Trace.begun()
    place = {"program_id": program, "student_id": student.id, "started_on": people.weeks_ago(3).isoformat()}
    answer = await holder.http.post("/api/onboarding/v1/enrollments", json=place, headers=trace.headers)
    assert answer.status_code == 201, answer.text
    await eventually("both courses in Milady", lambda: acts.milady_courses(stage, student))
    await eventually("the welcome", lambda: acts.notified(student, "welcome"))
    wanted = ("enrollment.created", "student.assigned", "provisioning.requested", "milady.provisioned", "message.sent")
    found = await spans.complete(stage.stack, trace, *wanted)
    assert roots(found, trace) == ["onboarding"]
    asked = (await stage.sandbox.get("/control/requests", params={"limit": 1000})).json()["requests"]
    ours = [one for one in asked if (one["traceparent"] or "").split("-")[1:2] == [trace.id]]
    assert {(one["method"], one["path"]) for one in ours} >= {("POST", "/milady/api/v1/students"), ("POST", "/milady/api/v1/enrollments")}
    clients = {span.id for span in found if span.service == "milady-sync" and span.kind == "CLIENT"}
    assert {one["traceparent"].split("-")[2] for one in ours} <= clients


async def test_study_that_resolves_an_alert_is_one_trace_from_the_sync_on(stage: Stage) -> None:
    holder, student = await people.program_holder(stage), await people.somebody(stage, "Student")
    enrollment = await people.enroll(holder, await people.program(holder, ZONE), student, people.weeks_ago(6))
    await people.until_known(student, enrollment)
    await eventually("both courses in Milady", lambda: acts.milady_courses(stage, student))
    await looking.settled(stage.stack)
    trace, week = Trace.begun(), people.weeks_ago(5)
    await people.alerted(stage, holder, student, enrollment, ZONE, week)
    studied = {"course": "rise-wellbeing-safety", "hours": "9.00", "on": week.isoformat(), "activity": "video"}
    (await stage.sandbox.post("/control/study", json={"student_email": student.email, **studied})).raise_for_status()
    sync = {"scope": "enrollment", "id": enrollment}
    answer = await stage.people["Admin"].http.post("/api/milady-sync/v1/syncs", json=sync, headers=trace.headers)
    assert answer.status_code == 202, answer.text
    await spans.complete(stage.stack, trace, "sync.requested", "hours.logged", "course.progressed", "sync.finished", "alert.resolved")
    assert await acts.alerts(holder, enrollment, "open", week) == []


def test_every_service_takes_what_the_contracts_send_it() -> None:
    taken = {service.name: {topic for group in looking.groups() if group.service == service.name for topic in group.topics}
             for service in SERVICES}  # fmt: skip
    assert taken == {name: {topic for topic, event in spans.EVENTS.items() if name in event.consumers} for name in taken}
