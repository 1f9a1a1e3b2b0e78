"""Of an erased person onboarding keeps what was signed and when, and nobody's name."""

import secrets

from contracts.onboarding import EnrollmentWithdrawn, StudentUnassigned
from dev.erasing import tombstone, where
from dev.harness import events_of, eventually, send
from payroll import decide, enter


async def applied(onboarding, message_id):
    return await eventually(lambda: onboarding.sql("select 1 from inbox where message_id = $1", message_id))


async def test_a_signature_stays_without_the_name_and_says_so(onboarding, partner, admin, kafka):
    name = f"Marked {secrets.token_hex(6)}"
    someone = await partner(name=name)
    other = await partner(name=f"Kept {secrets.token_hex(6)}")
    assert await where(onboarding.sql, name, f"{someone.id}@example.com") == ["person", "signature"]
    (erased,) = await send(kafka, "identity", someone.changed(revision=2, status="erased"))
    await applied(onboarding, erased)
    assert await where(onboarding.sql, name, f"{someone.id}@example.com") == []
    (row,) = await onboarding.sql("select * from signature where user_id = $1", someone.id)
    found = (await admin.http.get(f"/v1/signatures/{row['signature_id']}")).json()
    assert (found["typed_name"], found["ip"], found["user_agent"]) == ("", None, None)
    assert (found["signature_intact"], found["document_intact"], found["signature_hash"]) == (None, True, row["signature_hash"])
    assert found["erased_at"]
    assert await where(onboarding.sql, other.name) == ["person", "signature"]


async def test_a_replay_from_the_beginning_brings_nothing_back(onboarding, person, kafka):
    someone = await person(f"Marked {secrets.token_hex(6)}")
    await send(kafka, "identity", someone.changed(revision=2, status="erased"))
    (again,) = await send(kafka, "identity", someone.changed())
    await applied(onboarding, again)
    buried = await tombstone(kafka, someone.id)
    (later,) = await send(kafka, "identity", someone.changed(revision=3))
    await applied(onboarding, buried)
    await applied(onboarding, later)
    assert await where(onboarding.sql, someone.name) == []
    (row,) = await onboarding.sql("select status, email from person where user_id = $1", someone.id)
    assert tuple(row) == ("erased", "")


async def test_an_erased_student_is_nobodys_student_any_more(onboarding, enrolled, kafka):
    holder, _, student, enrollment = await enrolled()
    await send(kafka, "identity", student.changed(revision=2, status="erased"))
    (withdrawn,) = await events_of(kafka, EnrollmentWithdrawn, where=lambda e: e.student_id == student.id)
    assert (str(withdrawn.enrollment_id), withdrawn.status, withdrawn.revision) == (enrollment["id"], "withdrawn", 2)
    (ended,) = await events_of(kafka, StudentUnassigned, where=lambda e: e.student_id == student.id)
    assert (ended.partner_id, ended.active, ended.revision) == (holder.id, False, 2)
    assert (await holder.http.get(f"/v1/enrollments/{enrollment['id']}")).status_code == 404


async def test_why_somebody_was_withdrawn_goes(onboarding, enrolled, kafka):
    holder, _, student, enrollment = await enrolled()
    reason = f"moved to {secrets.token_hex(6)}"
    left = {"ended_on": "2026-11-10", "reason": reason}
    answer = await holder.http.post(f"/v1/enrollments/{enrollment['id']}/withdrawal", json=left)
    assert answer.status_code == 200, answer.text
    assert "enrollment" in await where(onboarding.sql, reason)
    (erased,) = await send(kafka, "identity", student.changed(revision=2, status="erased"))
    await applied(onboarding, erased)
    assert await where(onboarding.sql, reason) == []
    (row,) = await onboarding.sql("select status, revision from enrollment where student_id = $1", student.id)
    assert tuple(row) == ("withdrawn", 2)


async def test_only_a_payroll_profile_that_was_once_approved_stays(onboarding, person, payroll, kafka):
    approved, entered_anew, _undecided, rejected = people = [await person() for _ in range(4)]
    words = f"call me at {secrets.token_hex(6)}"
    for someone in people:
        await someone.apply()
        assert (await enter(someone)).status_code == 200
    for someone in (approved, entered_anew):
        assert (await decide(payroll, someone, "approval")).status_code == 200
    assert (await enter(entered_anew)).json()["state"] == "pending"
    assert (await decide(payroll, entered_anew, "rejection", reason=words)).status_code == 200
    assert (await decide(payroll, rejected, "rejection", reason=words)).status_code == 200
    assert await where(onboarding.sql, words) == ["payroll_profile"]
    for someone in people:
        (erased,) = await send(kafka, "identity", someone.changed(revision=2, status="erased"))
        await applied(onboarding, erased)
    left = await onboarding.sql("select user_id, state from payroll_profile where user_id = any($1)", [one.id for one in people])
    assert {row["user_id"]: row["state"] for row in left} == {approved.id: "active", entered_anew.id: "rejected"}
    assert await where(onboarding.sql, words) == []
    shown = (await payroll.http.get(f"/v1/payroll-profiles/{approved.id}")).json()
    assert (shown["name"], shown["tax_last_four"]) == ("", "5671")
    assert (await payroll.http.get(f"/v1/payroll-profiles/{approved.id}/numbers")).status_code == 200


async def test_why_somebody_was_suspended_goes(onboarding, partner, admin, kafka):
    someone, reason = await partner(), f"no insurance {secrets.token_hex(6)}"
    assert (await admin.http.post(f"/v1/partners/{someone.id}/suspension", json={"reason": reason})).status_code == 200
    assert await where(onboarding.sql, reason) == ["partner"]
    (erased,) = await send(kafka, "identity", someone.changed(revision=2, status="erased"))
    await applied(onboarding, erased)
    assert await where(onboarding.sql, reason) == []
