"""Supervisors decide, one of two, never on themselves, and only what is approved counts (SPEC 3.5)."""

import asyncio
from uuid import UUID, uuid4

import pytest
from contracts.skills import SkillApproved, SkillRejected
from dev.harness import events_of, eventually, send


async def test_an_approval_counts(student, holder, apprentice, logged, kafka):
    entry = await logged()
    answer = await holder.post(f"/v1/entries/{entry['id']}/approval", json={"supervisor_rating": 5})
    assert answer.status_code == 200, answer.text
    told = (await events_of(kafka, SkillApproved, where=apprentice.mine))[0]
    assert (told.decided_by, told.supervisor_rating, told.status, told.photos) == (apprentice.partner_id, 5, "approved", 1)
    assert told.revision == answer.json()["revision"] > entry["revision"]
    found = (await student.get(f"/v1/enrollments/{apprentice.enrollment_id}/competency")).json()
    assert found["skills"][0] == {"code": "haircut", "title": "Haircut", "quota": 200, "approved": 1, "percent": "0.5"}
    assert found["skills"][3]["percent"] is None
    assert found["practical_percent"].startswith("0.285714285714")
    address = f"/v1/programs/{apprentice.program_id}/skills"
    assert [each["approved"] for each in (await student.get(address)).json()["skills"]] == [None] * 4
    counted = (await student.get(address, params={"enrollment_id": str(apprentice.enrollment_id)})).json()
    assert [each["approved"] for each in counted["skills"]] == [1, 0, 0, 0]


async def test_a_rejected_service_is_corrected_and_submitted_again(service, student, holder, apprentice, logged, kafka):
    entry = await logged()
    address = f"/v1/entries/{entry['id']}"
    assert (await holder.post(f"{address}/rejection", json={"feedback": " "})).status_code == 422
    rejected = (await holder.post(f"{address}/rejection", json={"feedback": "Show the neckline."})).json()
    assert (rejected["status"], rejected["feedback"]) == ("rejected", "Show the neckline.")
    assert (await events_of(kafka, SkillRejected, where=apprentice.mine))[0].decided_by == apprentice.partner_id
    assert (await student.patch(address, json={"description": "with neckline", "duration_minutes": 50})).json()["status"] == "rejected"
    again = (await student.post(f"{address}/submission")).json()
    assert (again["status"], again["decided_by"]) == ("pending", None)
    assert (await student.patch(address, json={"duration_minutes": 55})).json()["type"] == "/problems/not-editable"
    assert (await holder.post(f"{address}/approval", json={"supervisor_rating": 3})).json()["status"] == "approved"
    assert (await service.trail(entry["id"]))[2:] == [
        ("entry.submit", {"status": "draft"}, {"status": "pending"}),
        ("entry.reject", {"status": "pending"}, {"status": "rejected"}),
        ("entry.change", {"duration_minutes": 40}, {"duration_minutes": 50, "fields": ["description", "duration_minutes"]}),
        ("entry.submit", {"status": "rejected"}, {"status": "pending"}),
        ("entry.approve", {"status": "pending"}, {"status": "approved", "supervisor_rating": 3}),
    ]


async def test_of_two_deciders_one_wins_and_the_other_is_told(service, apprentice, holder, logged, kafka):
    entry = await logged()
    admin = service.client("admin", None, "admin")
    answers = await asyncio.gather(
        *(client.post(f"/v1/entries/{entry['id']}/{what}", json=body)
          for client in (holder, admin)
          for what, body in (("approval", {}), ("rejection", {"feedback": "no"})))
    )  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409).json()
    assert (late["type"], late["status_now"]) == (
        "/problems/already-decided", next(answer for answer in answers if answer.status_code == 200).json()["status"],
    )  # fmt: skip
    told = await service.sql("select topic from outbox where key = $1 and topic <> 'skill.logged'", str(apprentice.enrollment_id))
    assert len(told) == 1


async def test_who_may_not_decide(service, student, apprentice, holder, logged):
    draft, pending = await logged(submit=False), await logged()
    address = f"/v1/entries/{pending['id']}/approval"
    assert (await student.post(address)).status_code == 403
    for role in ("program_holder", "worksite"):
        assert (await service.client("partner", None, role).post(address)).status_code == 404
    assert (await service.client("partner", apprentice.partner_id, "site_coordinator").post(address)).status_code == 403
    own = service.client("admin", apprentice.student_id, "admin")
    assert (await own.post(address)).json()["type"] == "/problems/own-entry"
    assert (await own.post("/v1/approvals", json={"enrollment_id": str(apprentice.enrollment_id)})).json() == {
        "approved": [],
        "skipped": [{"id": pending["id"], "reason": "own-entry"}],
    }
    answer = await holder.post(f"/v1/entries/{draft['id']}/approval")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-submitted")
    worksite = service.client("partner", apprentice.partner_id, "worksite")
    assert (await worksite.post(address)).status_code == 200


async def test_approving_all_takes_each_on_its_own(service, holder, apprentice, logged):
    whole = [await logged() for _ in range(3)]
    bare = await logged(photo=False)
    other = await logged(skill_code="fade")
    draft = await logged(submit=False)
    answer = (await holder.post("/v1/approvals", json={"skill_code": "haircut", "program_id": str(apprentice.program_id)})).json()
    assert answer["approved"] == [each["id"] for each in whole]
    assert answer["skipped"] == [{"id": bare["id"], "reason": "no-after-photo"}]
    found = await service.sql("select status, entry_id::text from entry where enrollment_id = $1", apprentice.enrollment_id)
    left = {row["entry_id"]: row["status"] for row in found if row["status"] != "approved"}
    assert left == {bare["id"]: "pending", other["id"]: "pending", draft["id"]: "draft"}
    audited = await service.sql(
        "select object_id from audit_entry where action = 'entry.approve' and actor = $1", str(apprentice.partner_id)
    )
    assert sorted(row["object_id"] for row in audited) == sorted(answer["approved"])
    assert (await holder.post("/v1/approvals", json={})).json()["approved"] == [other["id"]]


async def test_approving_all_reaches_the_assigned_alone(service, logged):
    entry = await logged()
    stranger = service.client("partner", None, "program_holder")
    assert (await stranger.post("/v1/approvals", json={})).json() == {"approved": [], "skipped": []}
    assert (await service.sql("select status from entry where entry_id = $1", UUID(entry["id"])))[0][0] == "pending"


async def test_who_was_unassigned_decides_no_more(service, holder, apprentice, logged, kafka):
    from contracts.onboarding import StudentUnassigned

    entry = await logged()
    gone = StudentUnassigned(**apprentice.assignment().model_dump() | {"active": False, "revision": 2})
    await send(kafka, "onboarding", gone)
    query = "select true from access_grant where grant_id = $1 and not active"
    await eventually(lambda: service.sql(query, apprentice.assignment_id))
    assert (await holder.post(f"/v1/entries/{entry['id']}/approval")).status_code == 404
    assert (await holder.get("/v1/entries")).json()["items"] == []
    assert (await holder.get(f"/v1/enrollments/{apprentice.enrollment_id}/competency")).status_code == 404


async def test_what_is_not_known_is_not_found(student, apprentice):
    assert (await student.get(f"/v1/programs/{uuid4()}/skills")).json()["type"] == "/problems/program-not-found"
    assert (await student.get(f"/v1/enrollments/{uuid4()}/competency")).json()["type"] == "/problems/enrollment-not-found"
    assert (await student.get(f"/v1/entries/{uuid4()}")).json()["type"] == "/problems/entry-not-found"


@pytest.mark.parametrize("path", ["/v1/entries", "/v1/programs/{0}/skills", "/v1/entries/{0}/photos/after"])
async def test_nobody_comes_in_without_a_token(service, path):
    assert (await service.client().get(path.format(uuid4()))).status_code == 401
