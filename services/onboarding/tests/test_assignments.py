"""Assigning students to partners (SPEC 3.8)."""

from uuid import uuid4

from contracts.onboarding import StudentAssigned, StudentUnassigned
from dev.harness import events_of


def body(student, partner, role="site_coordinator", **other):
    return {"student_id": str(student.id), "partner_id": str(partner.id), "role": role} | other


async def test_an_assigned_partner_sees_the_student_until_it_ends(onboarding, enrolled, partner, admin, kafka):
    _, program, student, enrollment = await enrolled()
    coordinator = await partner("site_coordinator")
    seen = f"/v1/enrollments/{enrollment['id']}"
    assert (await coordinator.http.get(seen)).status_code == 404
    answer = await admin.http.post("/v1/assignments", json=body(student, coordinator, program_id=program["id"]))
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/assignments/{answer.json()['id']}"
    assert (await coordinator.http.get(seen)).status_code == 200
    assert (await admin.http.delete(answer.headers["location"])).status_code == 204
    assert (await coordinator.http.get(seen)).status_code == 404
    assert (await admin.http.delete(answer.headers["location"])).status_code == 204
    [assigned] = await events_of(kafka, StudentAssigned, where=lambda e: e.partner_id == coordinator.id)
    [ended] = await events_of(kafka, StudentUnassigned, where=lambda e: e.partner_id == coordinator.id)
    assert (assigned.revision, assigned.active, ended.revision, ended.active) == (1, True, 2, False)
    assert assigned.assignment_id == ended.assignment_id
    held = {"partner_id": str(coordinator.id), "role": "site_coordinator", "program_id": program["id"], "active": True}
    assert await onboarding.trail(ended.assignment_id) == [
        ("assignment.create", None, held),
        ("assignment.end", held, held | {"active": False}),
    ]


async def test_an_assignment_that_holds_is_not_made_again_but_one_that_ended_is(enrolled, partner, admin):
    _, _, student, _ = await enrolled()
    coordinator = await partner("site_coordinator")
    first = (await admin.http.post("/v1/assignments", json=body(student, coordinator))).json()
    again = await admin.http.post("/v1/assignments", json=body(student, coordinator))
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-assigned")
    await admin.http.delete(f"/v1/assignments/{first['id']}")
    assert (await admin.http.post("/v1/assignments", json=body(student, coordinator))).status_code == 201
    narrowed = {"student_id": str(student.id), "partner_id": str(coordinator.id), "active": "true"}
    assert len((await admin.http.get("/v1/assignments", params=narrowed)).json()["items"]) == 1


async def test_only_who_is_there_and_active_is_assigned(onboarding, enrolled, partner, person, admin):
    _, _, student, _ = await enrolled()
    worksite, nobody = await partner("worksite"), type(student)(onboarding, "Nobody")
    for wrong, status, problem in (
        (body(nobody, worksite, "worksite"), 404, "student-not-found"),
        (body(student, nobody), 404, "partner-not-found"),
        (body(student, worksite), 409, "partner-not-active"),
        (body(student, worksite, "worksite", program_id=str(uuid4())), 404, "program-not-found"),
        (body(worksite, worksite, "worksite"), 409, "assigned-to-themselves"),
        (body(student, worksite, "admin"), 422, "malformed-request"),
    ):
        answer = await admin.http.post("/v1/assignments", json=wrong)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
    assert (await admin.http.delete(f"/v1/assignments/{uuid4()}")).json()["type"] == "/problems/assignment-not-found"


async def test_assigning_is_for_administrators(enrolled, partner):
    holder, _, student, _ = await enrolled()
    coordinator = await partner("site_coordinator")
    [own] = (await holder.http.get("/v1/assignments")).json()["items"]
    for someone in (holder, student, coordinator):
        assert (await someone.http.post("/v1/assignments", json=body(student, coordinator))).status_code == 403
        assert (await someone.http.delete(f"/v1/assignments/{own['id']}")).status_code == 403
    assert (await coordinator.http.get("/v1/assignments")).json()["items"] == []
    assert (await coordinator.http.get(f"/v1/assignments/{own['id']}")).status_code == 404
