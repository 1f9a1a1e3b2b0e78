"""What people's forms become at the services that own them: with their token, once, and refused in words at the form."""

import json
from uuid import uuid4

import pytest
from contracts.onboarding import PartnerActivated, PartnerApplied, PartnerSuspended

HX = {"HX-Request": "true"}


def hours_form(story, **other):
    told = {"key": uuid4().hex, "enrollment_id": str(story.enrollment), "work_date": "2026-01-05", "hours": "1", "minutes": "30"}
    return told | {"category": "practical", "notes": ""} | other


async def test_hours_go_to_compliance_with_the_persons_token_and_key(browse, neighbours, story):
    student = browse("student", story.student)
    neighbours.play(student.token, "POST compliance /v1/hours", 201, {"log_id": str(uuid4())})
    form = hours_form(story)
    answer = await student.http.post("/student/hours", data=form, headers=HX | {"User-Agent": "a phone"})
    assert answer.status_code == 200
    assert "Logged: 1.50 hours on 2026-01-05." in answer.text
    (call,) = neighbours.heard(student.token, "POST compliance /v1/hours")
    assert call["headers"]["Idempotency-Key"] == form["key"]
    assert call["headers"]["User-Agent"] == "a phone"
    assert json.loads(call["body"]) == {
        "enrollment_id": str(story.enrollment), "work_date": "2026-01-05", "minutes": 90, "category": "practical", "source": "manual",
        "notes": None,
    }  # fmt: skip


async def test_a_refusal_is_said_at_the_form_which_keeps_what_was_typed(browse, neighbours, story):
    student = browse("student", story.student)
    neighbours.refuse(
        student.token, "POST compliance /v1/hours", 409, "day-is-full", "This day holds 24 hours already. Choose another day."
    )
    for headers, whole in ((HX, False), ({}, True)):
        answer = await student.http.post("/student/hours", data=hours_form(story, notes="Cuts & fades"), headers=headers)
        assert answer.status_code == 409
        assert "This day holds 24 hours already. Choose another day." in answer.text
        assert 'value="Cuts &amp; fades"' in answer.text
        assert ("<html" in answer.text) is whole
        assert hours_form(story)["key"] not in answer.text


async def test_without_scripts_a_form_leads_back_to_the_page(browse, neighbours, story):
    student = browse("student", story.student)
    neighbours.play(student.token, "POST compliance /v1/hours", 201, {})
    answer = await student.http.post("/student/hours", data=hours_form(story))
    assert (answer.status_code, answer.headers["location"]) == (303, "/student")


@pytest.mark.parametrize(
    ("field", "value", "said"), [("hours", "1.5", "Hours: write a whole number"), ("minutes", "-5", "Minutes: write a whole number")]
)
async def test_what_is_no_number_is_refused_before_anyone_is_asked(browse, neighbours, story, field, value, said):
    student = browse("student", story.student)
    answer = await student.http.post("/student/hours", data=hours_form(story, **{field: value}), headers=HX)
    assert answer.status_code == 422
    assert said in answer.text
    assert neighbours.heard(student.token, "POST compliance /v1/hours") == []


async def test_a_service_that_is_away_is_said_in_words(browse, neighbours, story):
    student = browse("student", story.student)
    neighbours.play(student.token, "POST compliance /v1/hours", 502, b"<html>Bad gateway</html>")
    answer = await student.http.post("/student/hours", data=hours_form(story), headers=HX)
    assert answer.status_code == 503
    assert "does not answer just now" in answer.text
    assert "Bad gateway" not in answer.text


async def test_a_program_is_published_and_a_student_enrolled_by_address(browse, neighbours, story):
    holder = browse("partner", story.holder, "program_holder")
    page = await holder.page("/program-holder/programs/new")
    assert "Client Well-Being &amp; Safety" in page
    neighbours.play(holder.token, "POST onboarding /v1/programs", 201, {"id": str(uuid4())})
    form = {"key": "p", "name": "Barbers", "time_zone": "America/Chicago", "theory_hours": "8", "practical_hours": "2000",
    "required_hours": "10",
            "inactivity_days_threshold": "7", "course_title_0": "Safety", "course_code_0": "safe", "course_minutes_0": "210",
            "skill_title_0": "Hot shave", "skill_quota_0": "50", "skill_title_1": "Beard trim", "skill_quota_1": ""}  # fmt: skip
    assert (await holder.http.post("/program-holder/programs", data=form)).headers["location"] == "/program-holder"
    sent = json.loads(neighbours.heard(holder.token, "POST onboarding /v1/programs")[0]["body"])
    assert (sent["practical_minutes"], sent["required_minutes_per_week"]) == (120000, 600)
    assert sent["courses"] == [{"code": "safe", "title": "Safety", "minutes": 210}]
    assert sent["skills"] == [
        {"code": "hot_shave", "title": "Hot shave", "quota": 50},
        {"code": "beard_trim", "title": "Beard trim", "quota": None},
    ]

    neighbours.play(holder.token, "POST onboarding /v1/enrollments", 201, {"id": str(uuid4())})
    place = {"key": "e", "program_id": str(story.program), "started_on": "2026-01-05"}
    answer = await holder.http.post("/program-holder/students", data=place | {"email": "nobody@example.com"})
    assert answer.status_code == 422
    assert "Nobody has signed up with this email address." in answer.text
    answer = await holder.http.post("/program-holder/students", data=place | {"email": f" {story.student.hex}@Example.com "})
    assert answer.headers["location"] == "/program-holder"
    assert json.loads(neighbours.heard(holder.token, "POST onboarding /v1/enrollments")[0]["body"])["student_id"] == str(story.student)


async def test_signing_up_signs_in_and_goes_on(browse, portal, neighbours):
    visitor = browse()
    neighbours.play("", "POST identity /v1/users", 201, {"id": str(uuid4())})
    session = {"access_token": portal.issuer.token("student", uuid4()), "refresh_token": "r"}
    neighbours.play("", "POST identity /v1/sessions", 201, session)
    form = {"key": "s", "name": "Dana", "email": "dana@example.com", "password": "a long password", "phone": "(317) 555-0142",
            "time_zone": "America/New_York", "next": "/partners/join"}  # fmt: skip
    answer = await visitor.http.post("/sign-up", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/partners/join")
    assert json.loads(neighbours.heard("", "POST identity /v1/users")[-1]["body"])["phone"] == "+13175550142"
    neighbours.refuse("", "POST identity /v1/users", 409, "email-taken", "There is an account with this address. Sign in.")
    answer = await visitor.http.post("/sign-up", data=form)
    assert answer.status_code == 409
    assert "There is an account with this address. Sign in." in answer.text
    assert "a long password" not in answer.text


async def test_applying_reading_whole_and_signing(browse, neighbours):
    me = browse("student")
    document = {"id": str(uuid4()), "title": "Program Holder Agreement", "version": 1, "requires_signature": True, "signed": False}
    shown = document | {
        "content": "# Agreement\n\nThe **last** line.",
        "content_hash": "a" * 64,
        "intent_sentence": "I mean it.",
        "consent_sentence": "By wire.",
    }
    assert (await me.http.get("/onboarding/start")).headers["location"] == "/partners/join"
    neighbours.play(me.token, "POST onboarding /v1/partners", 201, {})
    assert (await me.http.post("/partners/join", data={"role": "program_holder"})).headers["location"] == "/onboarding/start"
    neighbours.play(me.token, "GET onboarding /v1/partners/me", 200, {"role": "program_holder", "status": "pending"})
    neighbours.play(me.token, "GET onboarding /v1/packets/current", 200, {"documents": [document]})
    neighbours.play(me.token, f"GET onboarding /v1/documents/{document['id']}", 200, shown)
    page = await me.page("/onboarding/start")
    for said in ("0 of 1 signed", "your signature on", "the approval by an administrator"):
        assert said in page
    page = await me.page(f"/onboarding/documents/{document['id']}")
    for said in ("<strong>last</strong>", "I mean it.", "By wire.", "a" * 64):
        assert said in page
    path = f"/onboarding/documents/{document['id']}/signatures"
    neighbours.refuse(
        me.token, f"POST onboarding /v1{path.removeprefix('/onboarding')}", 422, "name-differs", "Type your name as in your account."
    )
    form = {"document_hash": "a" * 64, "typed_name": "D. Brooks", "intent": "yes", "electronic_records_consent": "yes"}
    answer = await me.http.post(path, data=form)
    assert answer.status_code == 422
    assert "Type your name as in your account." in answer.text
    assert "<strong>last</strong>" in answer.text, "the document stays in sight"
    neighbours.play(me.token, f"POST onboarding /v1{path.removeprefix('/onboarding')}", 201, {})
    assert (await me.http.post(path, data=form)).headers["location"] == "/onboarding/start"
    sent = json.loads(neighbours.heard(me.token, f"POST onboarding /v1{path.removeprefix('/onboarding')}")[-1]["body"])
    assert sent == {"document_hash": "a" * 64, "typed_name": "D. Brooks", "intent": True, "electronic_records_consent": True}


async def test_an_admin_approves_a_partner(browse, neighbours, story, told):
    admin, applicant = browse("admin", None, "admin"), uuid4()
    day = story.alert().raised_at
    await story.tell(PartnerApplied(revision=1, user_id=applicant, role="program_holder", status="pending", applied_at=day))
    await told("select 1 from partner where user_id = $1", applicant)
    neighbours.play(admin.token, f"POST onboarding /v1/partners/{applicant}/approval", 200, {"status": "active"})
    answer = await admin.http.post(f"/admin/partners/{applicant}/approval", data={"key": "k"}, headers=HX)
    assert "Approved, and active now." in answer.text
    neighbours.refuse(
        admin.token, f"POST onboarding /v1/partners/{applicant}/approval", 409, "already-approved", "This partner is approved."
    )
    answer = await admin.http.post(f"/admin/partners/{applicant}/approval", data={"key": "k"}, headers=HX)
    assert (answer.status_code, "This partner is approved." in answer.text) == (409, True)


async def test_an_admin_suspends_a_partner_who_reads_why_and_reinstates_them(browse, neighbours, story, told):
    admin, partner, me = browse("admin", None, "admin"), uuid4(), browse("student")
    day = story.alert().raised_at
    state = {"user_id": partner, "role": "worksite"}
    await story.tell(PartnerActivated(revision=3, status="active", activated_at=day, **state))
    await told("select 1 from partner where user_id = $1", partner)
    assert f"/admin/partners/{partner}/suspension" in await admin.page("/admin/partners")
    called = f"POST onboarding /v1/partners/{partner}/suspension"
    neighbours.play(admin.token, called, 200, {"status": "suspended"})
    answer = await admin.http.post(f"/admin/partners/{partner}/suspension", data={"key": "k", "reason": " No insurance. "}, headers=HX)
    assert "Suspended. They are told by email" in answer.text
    heard = neighbours.heard(admin.token, called)[-1]
    assert json.loads(heard["body"]) == {"reason": "No insurance."}
    await story.tell(PartnerSuspended(revision=4, status="suspended", suspended_at=day, suspended_by=uuid4(), **state))
    await told("select 1 from partner where user_id = $1 and status = 'suspended'", partner)
    assert f"/admin/partners/{partner}/reinstatement" in await admin.page("/admin/partners")
    neighbours.refuse(admin.token, called.replace("POST", "DELETE"), 409, "partner-not-suspended", "There is nothing to lift.")
    answer = await admin.http.post(f"/admin/partners/{partner}/reinstatement", headers=HX)
    assert (answer.status_code, "There is nothing to lift." in answer.text) == (409, True)
    neighbours.play(admin.token, called.replace("POST", "DELETE"), 200, {"status": "active"})
    assert "Reinstated, and active now." in (await admin.http.post(f"/admin/partners/{partner}/reinstatement", headers=HX)).text
    profile = {"role": "worksite", "status": "suspended", "suspended_at": day.isoformat(), "suspension_reason": "No insurance."}
    neighbours.play(me.token, "GET onboarding /v1/partners/me", 200, profile)
    neighbours.play(me.token, "GET onboarding /v1/packets/current", 200, {"documents": []})
    assert "No insurance." in await me.page("/onboarding/start")
