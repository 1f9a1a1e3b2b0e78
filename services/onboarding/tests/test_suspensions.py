"""Partners whose role is taken away and given back (SPEC 3.7, 4)."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import asyncpg
import pytest
from contracts.onboarding import PartnerActivated, PartnerApproved, PartnerSuspended
from dev.harness import events_of

REASON = {"reason": "No insurance since 1 November."}


def path(someone):
    return f"/v1/partners/{someone.id}/suspension"


def kind(answer):
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_a_suspended_partner_reads_why_and_nobody_can_give_them_work(onboarding, partner, admin, person, kafka):
    holder, student = await partner(), await person("Jordan Ellis")
    answer = await admin.http.post(path(holder), json=REASON)
    assert (answer.status_code, answer.json()["status"], answer.json()["suspended_by"]) == (200, "suspended", str(admin.id))
    shown = (await holder.http.get("/v1/partners/me")).json()
    assert (shown["status"], shown["suspension_reason"]) == ("suspended", REASON["reason"])
    [event] = await events_of(kafka, PartnerSuspended, where=lambda e: e.user_id == holder.id)
    assert (event.revision, event.role, event.status, event.suspended_by) == (4, "program_holder", "suspended", admin.id)
    assert kind(await holder.publish_program()) == (409, "partner-not-active")
    assigned = {"student_id": str(student.id), "partner_id": str(holder.id), "role": "program_holder"}
    assert kind(await admin.http.post("/v1/assignments", json=assigned)) == (409, "partner-not-active")
    trail = await onboarding.sql(
        "select action, before ->> 'status', after ->> 'status' from audit_entry where object_id = $1", str(holder.id)
    )
    assert ("partner.suspend", "active", "suspended") in [tuple(row) for row in trail]


async def test_who_has_signed_everything_is_active_again_at_once(onboarding, partner, admin, kafka):
    holder = await partner()
    await admin.http.post(path(holder), json=REASON)
    answer = await admin.http.delete(path(holder))
    told = answer.json()
    assert (answer.status_code, told["status"], told["approved_by"]) == (200, "active", str(admin.id))
    assert (told["suspended_at"], told["suspended_by"], told["suspension_reason"]) == (None, None, None)
    events = await events_of(kafka, PartnerActivated, where=lambda e: e.user_id == holder.id, count=2)
    assert [event.revision for event in events] == [3, 6]
    assert (await holder.publish_program()).status_code == 201
    approved = await onboarding.sql("select 1 from outbox where topic = 'partner.approved' and key = $1", str(holder.id))
    assert len(approved) == 1, "nobody is told twice of one step"


async def test_who_has_papers_left_is_approved_and_signs_them_first(person, admin, kafka):
    someone = await person()
    await someone.apply()
    await admin.http.post(f"/v1/partners/{someone.id}/approval")
    assert (await admin.http.post(path(someone), json=REASON)).json()["status"] == "suspended"
    await someone.sign()
    assert (await someone.http.get("/v1/partners/me")).json()["status"] == "suspended", "signing lifts no suspension"
    other = await person()
    await other.apply()
    await admin.http.post(f"/v1/partners/{other.id}/approval")
    await admin.http.post(path(other), json=REASON)
    assert (await admin.http.delete(path(other))).json()["status"] == "approved"
    events = await events_of(kafka, PartnerApproved, where=lambda e: e.user_id == other.id, count=2)
    assert [event.revision for event in events] == [2, 4]
    await other.sign()
    assert (await other.http.get("/v1/partners/me")).json()["status"] == "active"


async def test_it_must_fit_the_partners_standing(person, partner, admin):
    applicant, holder = await person(), await partner()
    await applicant.apply()
    assert kind(await admin.http.post(path(applicant), json=REASON)) == (409, "partner-not-approved")
    assert kind(await admin.http.delete(path(holder))) == (409, "partner-not-suspended")
    assert (await admin.http.post(path(holder), json={"reason": " "})).status_code == 422
    assert (await admin.http.post(path(holder), json=REASON)).status_code == 200
    assert kind(await admin.http.post(path(holder), json=REASON)) == (409, "already-suspended")
    nobody = f"/v1/partners/{uuid4()}/suspension"
    assert kind(await admin.http.post(nobody, json=REASON)) == (404, "partner-not-found")
    assert kind(await admin.http.delete(nobody)) == (404, "partner-not-found")


async def test_only_administrators_do_it_and_never_to_themselves(person, partner, admin):
    holder, both = await partner(), await partner()
    both.as_kind("admin", "admin")
    for method in ("POST", "DELETE"):
        body = {"json": REASON} if method == "POST" else {}
        assert kind(await holder.http.request(method, path(holder), **body)) == (403, "role-required")
        assert kind(await both.http.request(method, path(both), **body)) == (403, "own-suspension")


async def test_of_many_suspensions_at_once_one_is(onboarding, partner, admin):
    holder = await partner()
    answers = await asyncio.gather(*(admin.http.post(path(holder), json=REASON) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    sent = await onboarding.sql("select 1 from outbox where topic = 'partner.suspended' and key = $1", str(holder.id))
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("partner", "update partner set status = 'active' where user_id = $1"),
        ("partner", "update partner set status = 'active', suspended_at = null where user_id = $1"),
        ("admin", "update partner set status = 'active', suspended_at = null, suspended_by = null where user_id = $1"),
        ("admin", "update partner set suspension_reason = 'none' where user_id = $1"),
    ],
)
async def test_the_database_too_lets_nobody_lift_their_own(onboarding, partner, admin, kind, statement):
    holder = await partner()
    await admin.http.post(path(holder), json=REASON)
    connection = await asyncpg.connect(onboarding.database.admin_url)
    try:
        async with connection.transaction():
            await connection.execute(f"set local role onboarding_{kind}")
            await connection.execute("select set_config('app.user_id', $1, true)", str(holder.id))
            with suppress(asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError):
                await connection.execute(statement, holder.id)
    finally:
        await connection.close()
    assert (await holder.http.get("/v1/partners/me")).json()["status"] == "suspended"
