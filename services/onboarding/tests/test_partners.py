"""Role packages, applications, approval, activation (SPEC 3.7)."""

import asyncio
from uuid import uuid4

import pytest
from contracts.onboarding import PartnerActivated, PartnerApplied, PartnerApproved
from dev.harness import events_of


async def test_everyone_can_read_what_the_roles_are(onboarding):
    packages = (await onboarding.client().get("/v1/role-packages")).json()["items"]
    assert [package["role"] for package in packages] == ["program_holder", "worksite", "site_coordinator"]
    for package in packages:
        pay = package["pay_model"]
        assert pay["min"] <= pay["default"] <= pay["max"]
        assert (pay["type"] == "flat") == (pay["currency"] == "USD")
        assert all(package[name] for name in ("responsibilities", "can_do", "cannot_do", "requirements"))


async def test_who_applies_is_pending_and_the_others_hear_of_it(person, kafka):
    someone = await person()
    answer = await someone.apply()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/partners/{someone.id}"
    told = answer.json()
    assert (told["status"], told["role"], told["name"], told["email"]) == (
        "pending", "program_holder", someone.name, f"{someone.id}@example.com",
    )  # fmt: skip
    [event] = await events_of(kafka, PartnerApplied, where=lambda e: e.user_id == someone.id)
    assert (event.revision, event.role, event.status) == (1, "program_holder", "pending")


async def test_one_applies_once(person):
    someone = await person()
    answers = await asyncio.gather(*(someone.apply(role) for role in ("worksite", "site_coordinator")))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    again = await someone.apply()
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-applied")


@pytest.mark.parametrize("role", ["admin", "student", ""])
async def test_no_other_role_can_be_applied_for(person, role):
    assert (await (await person()).apply(role)).status_code == 422


async def test_approved_last_activates_a_partner_who_has_signed(person, admin, kafka):
    someone = await person()
    await someone.apply()
    await someone.sign()
    assert (await someone.http.get("/v1/partners/me")).json()["status"] == "pending"
    answer = await admin.http.post(f"/v1/partners/{someone.id}/approval")
    assert (answer.status_code, answer.json()["status"], answer.json()["approved_by"]) == (200, "active", str(admin.id))
    [approved] = await events_of(kafka, PartnerApproved, where=lambda e: e.user_id == someone.id)
    [active] = await events_of(kafka, PartnerActivated, where=lambda e: e.user_id == someone.id)
    assert (approved.revision, approved.status, active.revision, active.status) == (2, "approved", 3, "active")


async def test_signed_last_activates_a_partner_who_is_approved(person, admin, kafka):
    someone = await person()
    await someone.apply()
    approved = await admin.http.post(f"/v1/partners/{someone.id}/approval")
    assert approved.json()["status"] == "approved"
    await someone.sign()
    assert (await someone.http.get("/v1/partners/me")).json()["status"] == "active"
    [active] = await events_of(kafka, PartnerActivated, where=lambda e: e.user_id == someone.id)
    assert (active.revision, active.role) == (3, "program_holder")


async def test_approved_and_signed_at_the_same_moment_activates_once(onboarding, person, admin):
    people = [await person() for _ in range(6)]
    for someone in people:
        await someone.apply()
    await asyncio.gather(*(do for p in people for do in (p.sign(), admin.http.post(f"/v1/partners/{p.id}/approval"))))
    for someone in people:
        [row] = await onboarding.sql("select * from partner where user_id = $1", someone.id)
        assert (row["status"], row["revision"]) == ("active", 3)
        sent = await onboarding.sql("select * from outbox where topic = 'partner.activated' and key = $1", str(someone.id))
        assert len(sent) == 1


async def test_a_new_version_of_a_document_must_be_signed_before_one_becomes_active(onboarding, person, admin):
    someone = await person()
    await someone.apply("site_coordinator")
    await someone.sign()
    [document] = (await someone.packet())["documents"]
    await onboarding.sql("insert into document_version values ($1, 2, 'A new text.')", document["id"])
    try:
        answer = await admin.http.post(f"/v1/partners/{someone.id}/approval")
        assert answer.json()["status"] == "approved"
        assert not (await someone.packet())["complete"]
        assert (await someone.sign()).json()["document_version"] == 2
        assert (await someone.http.get("/v1/partners/me")).json()["status"] == "active"
    finally:
        await onboarding.sql("delete from signature where document_id = $1 and document_version = 2", document["id"])
        await onboarding.sql("delete from document_version where document_id = $1 and version = 2", document["id"])


async def test_a_partner_is_approved_once_and_only_by_another_administrator(person, admin):
    someone = await person()
    await someone.apply()
    assert (await someone.http.post(f"/v1/partners/{someone.id}/approval")).status_code == 403
    assert (await admin.http.post(f"/v1/partners/{someone.id}/approval")).status_code == 200
    again = await admin.http.post(f"/v1/partners/{someone.id}/approval")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-approved")
    unknown = await admin.http.post(f"/v1/partners/{uuid4()}/approval")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/partner-not-found")


async def test_no_administrator_approves_their_own_application(person):
    both = await person("Ada Okafor", "admin", "admin")
    await both.apply()
    answer = await both.http.post(f"/v1/partners/{both.id}/approval")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-approval")


async def test_the_queue_is_for_administrators_and_comes_in_pages(person, admin):
    waiting = [await person() for _ in range(3)]
    for someone in waiting:
        await someone.apply()
    assert (await waiting[0].http.get("/v1/partners")).status_code == 403
    seen, cursor = [], None
    while True:
        asked = {"status": "pending", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await admin.http.get("/v1/partners", params=asked)).json()
        seen += page["items"]
        if not (cursor := page["next_cursor"]):
            break
    assert {row["status"] for row in seen} == {"pending"}
    ids = [row["user_id"] for row in seen]
    assert len(ids) == len(set(ids))
    assert {str(someone.id) for someone in waiting} <= set(ids)


async def test_one_sees_ones_own_application_and_no_other(person):
    someone, other = await person(), await person()
    missing = await someone.http.get("/v1/partners/me")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-applied")
    await someone.apply()
    assert (await someone.http.get(f"/v1/partners/{someone.id}")).status_code == 200
    hidden = await other.http.get(f"/v1/partners/{someone.id}")
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/partner-not-found")


async def test_who_is_too_new_to_have_a_name_here_can_apply(onboarding):
    newcomer = onboarding.client("student")
    assert (await newcomer.post("/v1/partners", json={"role": "worksite"})).json()["name"] is None
