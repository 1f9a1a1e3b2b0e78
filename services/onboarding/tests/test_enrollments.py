"""Enrolling and withdrawing (SPEC 3.8)."""

import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, StudentAssigned
from dev.harness import events_of, eventually, send


async def test_an_enrollment_assigns_the_student_to_the_programs_holder(enrolled, kafka):
    holder, program, student, enrollment = await enrolled()
    assert (enrollment["status"], enrollment["started_on"], enrollment["ended_on"]) == ("active", "2026-11-09", None)
    for reader in (student, holder):
        assert (await reader.http.get(f"/v1/enrollments/{enrollment['id']}")).json() == enrollment
        [assignment] = (await reader.http.get("/v1/assignments")).json()["items"]
        assert (assignment["partner_id"], assignment["student_id"], assignment["active"]) == (str(holder.id), str(student.id), True)
    [created] = await events_of(kafka, EnrollmentCreated, where=lambda e: e.student_id == student.id)
    assert (str(created.enrollment_id), created.revision, created.started_on) == (enrollment["id"], 1, date(2026, 11, 9))
    [assigned] = await events_of(kafka, StudentAssigned, where=lambda e: e.student_id == student.id)
    assert (assigned.partner_id, assigned.role, str(assigned.program_id), assigned.active) == (
        holder.id, "program_holder", program["id"], True,
    )  # fmt: skip


async def test_a_student_has_one_active_enrollment_in_a_program(enrolled):
    holder, program, student, enrollment = await enrolled()
    answer = await holder.enroll(program, student)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-enrolled")
    end = {"ended_on": "2026-11-09", "reason": "Moved away"}
    assert (await holder.http.post(f"/v1/enrollments/{enrollment['id']}/withdrawal", json=end)).status_code == 200
    answers = await asyncio.gather(*(holder.enroll(program, student) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert len((await holder.http.get("/v1/assignments")).json()["items"]) == 1


async def test_the_same_request_twice_makes_one_enrollment(partner, person):
    holder, student = await partner(), await person("Jordan Ellis")
    program = (await holder.publish_program()).json()
    holder.http.headers["Idempotency-Key"] = str(uuid4())
    first, again = await holder.enroll(program, student), await holder.enroll(program, student)
    assert (first.status_code, first.json()) == (again.status_code, again.json())


async def test_only_the_programs_holder_or_an_administrator_enrolls(enrolled, partner, person, admin):
    holder, program, _, _ = await enrolled()
    other, newcomer = await partner(), await person("Jordan Ellis")
    answer = await other.enroll(program, newcomer)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/program-of-another")
    assert (await newcomer.enroll(program, newcomer)).status_code == 403
    assert (await admin.enroll(program, newcomer)).status_code == 201
    assert len((await holder.http.get("/v1/enrollments")).json()["items"]) == 2


async def test_only_a_known_and_active_person_is_enrolled_and_never_the_holder(onboarding, enrolled, person, admin, kafka):
    holder, program, student, _ = await enrolled()
    closed = await person("Jordan Ellis")
    await send(kafka, "identity", closed.changed(status="deactivated", revision=2))
    await eventually(lambda: onboarding.sql("select * from person where user_id = $1 and revision = 2", closed.id))
    unknown = type(closed)(onboarding, "Nobody")
    for who, status, problem in (
        (unknown, 404, "student-not-found"), (closed, 409, "student-not-active"), (holder, 409, "holder-as-student"),
    ):  # fmt: skip
        answer = await holder.enroll(program, who)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
    answer = await holder.enroll({"id": str(uuid4())}, student)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/program-not-found")
    assert len(await onboarding.sql("select * from assignment where partner_id = $1", holder.id)) == 1


async def test_a_withdrawal_ends_the_enrollment_and_the_others_hear_of_it(onboarding, enrolled, kafka):
    holder, _, student, enrollment = await enrolled()
    end = {"ended_on": "2026-11-09", "reason": "Moved away"}
    answer = await holder.http.post(f"/v1/enrollments/{enrollment['id']}/withdrawal", json=end)
    assert (answer.status_code, answer.json()["status"], answer.json()["ended_on"]) == (200, "withdrawn", "2026-11-09")
    [event] = await events_of(kafka, EnrollmentWithdrawn, where=lambda e: e.enrollment_id == UUID(enrollment["id"]))
    assert (event.revision, event.status, event.ended_on, event.student_id) == (2, "withdrawn", date(2026, 11, 9), student.id)
    again = await holder.http.post(f"/v1/enrollments/{enrollment['id']}/withdrawal", json=end)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-enrolled-now")
    [(_, none, created), withdrawn] = await onboarding.trail(enrollment["id"])
    assert (none, created["status"]) == (None, "active")
    was = {"status": "active", "ended_on": None}
    assert withdrawn == ("enrollment.withdraw", was, {"status": "withdrawn", "ended_on": "2026-11-09"})


async def test_the_last_day_lies_between_the_first_and_today(enrolled):
    holder, _, _, enrollment = await enrolled()
    for day in ("2026-11-08", (date.today() + timedelta(days=400)).isoformat()):
        end = {"ended_on": day, "reason": "Moved away"}
        answer = await holder.http.post(f"/v1/enrollments/{enrollment['id']}/withdrawal", json=end)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/last-day-not-possible")


async def test_only_the_holder_or_an_administrator_withdraws(enrolled, partner, person, admin):
    _, _, student, enrollment = await enrolled()
    address, end = f"/v1/enrollments/{enrollment['id']}/withdrawal", {"ended_on": "2026-11-09", "reason": "Moved away"}
    stranger = await partner()
    assert (await student.http.post(address, json=end)).status_code == 403
    hidden = await stranger.http.post(address, json=end)
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/enrollment-not-found")
    assigned = {"student_id": str(student.id), "partner_id": str(stranger.id), "role": "program_holder"}
    assert (await admin.http.post("/v1/assignments", json=assigned)).status_code == 201
    seen = await stranger.http.post(address, json=end)
    assert (seen.status_code, seen.json()["type"]) == (403, "/problems/program-of-another")
    assert (await admin.http.post(address, json=end)).status_code == 200


async def test_lists_show_what_concerns_one_and_can_be_narrowed(enrolled, person, admin):
    holder, program, student, enrollment = await enrolled()
    other = await person("Jordan Ellis")
    second = (await holder.enroll(program, other)).json()
    assert [row["id"] for row in (await student.http.get("/v1/enrollments")).json()["items"]] == [enrollment["id"]]
    assert [row["id"] for row in (await holder.http.get("/v1/enrollments")).json()["items"]] == [enrollment["id"], second["id"]]
    narrowed = {"program_id": program["id"], "student_id": str(other.id)}
    assert [row["id"] for row in (await admin.http.get("/v1/enrollments", params=narrowed)).json()["items"]] == [second["id"]]
    hidden = await other.http.get(f"/v1/enrollments/{enrollment['id']}")
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/enrollment-not-found")
