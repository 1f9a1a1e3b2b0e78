"""Practical services and courses from the pages: logging with photos, reviewing, correcting, launching."""

import json
from uuid import uuid4

import pytest

HX = {"HX-Request": "true"}


def service_form(story, **other):
    told = {"key": uuid4().hex, "skill": f"{story.enrollment}/fade", "service_name": "Mid fade", "performed_at": "2026-01-05T14:30"}
    return told | {"duration_minutes": "45", "client_identifier": "client-17", "self_rating": "4", "description": ""} | other


async def test_a_service_is_logged_with_its_photos_and_handed_in(browse, neighbours, story):
    student, entry = browse("student", story.student), str(uuid4())
    neighbours.play(student.token, "POST skills /v1/entries", 201, {"id": entry})
    neighbours.play(student.token, f"POST skills /v1/entries/{entry}/photos", 201, {})
    neighbours.play(student.token, f"POST skills /v1/entries/{entry}/submission", 200, {})
    files = {"before": ("b.jpg", b"before!", "image/jpeg"), "after": ("a.jpg", b"after!", "image/jpeg")}
    answer = await student.http.post("/student/services", data=service_form(story), files=files, headers=HX)
    assert "Sent for approval: Mid fade." in answer.text
    (made,) = neighbours.heard(student.token, "POST skills /v1/entries")
    told = json.loads(made["body"])
    assert (told["skill_code"], told["enrollment_id"], told["performed_at"]) == ("fade", str(story.enrollment), "2026-01-05T19:30:00+00:00")
    photos = neighbours.heard(student.token, f"POST skills /v1/entries/{entry}/photos")
    assert [(b"before!" in call["body"], b"after!" in call["body"]) for call in photos] == [(True, False), (False, True)]
    assert len(neighbours.heard(student.token, f"POST skills /v1/entries/{entry}/submission")) == 1


async def test_a_refused_photo_can_be_replaced_without_a_second_entry(browse, neighbours, story):
    student, entry = browse("student", story.student), str(uuid4())
    neighbours.play(student.token, "POST skills /v1/entries", 201, {"id": entry})
    neighbours.refuse(student.token, f"POST skills /v1/entries/{entry}/photos", 422, "not-an-image", "This is no picture. Choose a JPEG.")
    answer = await student.http.post(
        "/student/services", data=service_form(story), files={"after": ("a.txt", b"text", "text/plain")}, headers=HX
    )
    assert answer.status_code == 422
    assert "This is no picture. Choose a JPEG." in answer.text
    assert f'name="entry_id" value="{entry}"' in answer.text
    for what in (
        f"POST skills /v1/entries/{entry}/photos",
        f"PATCH skills /v1/entries/{entry}",
        f"POST skills /v1/entries/{entry}/submission",
    ):
        neighbours.play(student.token, what, 200, {})
    again = service_form(story, entry_id=entry, service_name="Low fade")
    answer = await student.http.post("/student/services", data=again, files={"after": ("a.jpg", b"jpeg", "image/jpeg")}, headers=HX)
    assert "Sent for approval: Low fade." in answer.text
    assert len(neighbours.heard(student.token, "POST skills /v1/entries")) == 1
    assert json.loads(neighbours.heard(student.token, f"PATCH skills /v1/entries/{entry}")[0]["body"])["service_name"] == "Low fade"


@pytest.mark.parametrize("entry", ["../../v1/launches", "x/../../../metrics", "x?y=", "x#", "//elsewhere.example/", "%2e%2e", "x\ty", "é"])
async def test_what_a_browser_sends_leads_no_call_elsewhere(browse, neighbours, story, entry):
    student = browse("student", story.student)
    answer = await student.http.post("/student/services", data=service_form(story, entry_id=entry), headers=HX)
    assert answer.status_code == 404
    assert "This is not there any more." in answer.text
    assert not [call for call in neighbours.calls if call["token"] == student.token]


async def test_launching_a_course_goes_to_milady(browse, neighbours, story):
    student, url = browse("student", story.student), "https://milady.example/launch/once"
    neighbours.play(student.token, "POST milady-sync /v1/launches", 201, {"url": url, "expires_at": None})
    form = {"enrollment_id": str(story.enrollment), "course_code": "well"}
    assert (await student.http.post("/student/launches", data=form, headers=HX)).headers["hx-redirect"] == url
    assert f'href="{url}"' in (await student.http.post("/student/launches", data=form)).text
    neighbours.refuse(student.token, "POST milady-sync /v1/launches", 503, "milady-away", "Milady does not answer. Try again in a minute.")
    refused = await student.http.post("/student/launches", data=form, headers=HX)
    assert refused.headers["hx-retarget"] == "#trouble"
    assert "Milady does not answer. Try again in a minute." in refused.text


async def test_approving_all_says_what_was_left(browse, neighbours, story):
    holder = browse("partner", story.holder, "program_holder")
    told = {"approved": [str(uuid4()), str(uuid4())], "skipped": [{"id": str(uuid4()), "reason": "no-after-photo"}]}
    neighbours.play(holder.token, "POST skills /v1/approvals", 200, told)
    answer = await holder.http.post("/program-holder/approvals", data={"key": "k"}, headers=HX)
    assert "2 services approved. Left to review individually: 1 without a photo of the result." in answer.text


async def test_reviewing_one_service_with_its_photos(browse, neighbours, story, told):
    holder, student = browse("partner", story.holder, "program_holder"), browse("student", story.student)
    event = story.service("fade", service_name="Mid fade")
    await story.tell(event)
    await told("select 1 from skill_entry where entry_id = $1", event.entry_id)
    entry = {
        "id": str(event.entry_id), "service_name": "Mid fade", "performed_at": "2026-01-05T19:30:00Z", "duration_minutes": 45,
        "feedback": None,
        "client_identifier": "client-17", "self_rating": 4, "description": "Guard 2 to 0", "status": "pending", "photos": ["after"],
    }  # fmt: skip
    for person in (holder, student):
        neighbours.play(person.token, f"GET skills /v1/entries/{event.entry_id}", 200, entry)
    page = await holder.page(f"/services/{event.entry_id}")
    for said in ("Mid fade", "Guard 2 to 0", "client-17", f"/services/{event.entry_id}/photos/after?size=thumbnail", "Approve", "Reject"):
        assert said in page, said
    assert "Approve" not in await student.page(f"/services/{event.entry_id}"), "nobody decides their own"
    assert (await browse("partner", None, "program_holder").http.get(f"/services/{event.entry_id}")).status_code == 404
    neighbours.play(holder.token, f"GET skills /v1/entries/{event.entry_id}/photos/after", 200, b"jpeg bytes")
    photo = await holder.http.get(f"/services/{event.entry_id}/photos/after?size=thumbnail")
    assert (photo.content, photo.headers["content-type"]) == (b"jpeg bytes", "image/jpeg")
    assert "sandbox" in photo.headers["content-security-policy"]
    neighbours.refuse(
        holder.token, f"POST skills /v1/entries/{event.entry_id}/approval", 409, "already-decided", "Someone decided it first."
    )
    late = await holder.http.post(
        f"/services/{event.entry_id}/decision", data={"decision": "approve", "supervisor_rating": "5"}, headers=HX
    )
    assert (late.status_code, "Someone decided it first." in late.text) == (409, True)
    neighbours.play(holder.token, f"POST skills /v1/entries/{event.entry_id}/rejection", 200, {})
    await holder.http.post(f"/services/{event.entry_id}/decision", data={"decision": "reject", "feedback": "Blend more"}, headers=HX)
    assert json.loads(neighbours.heard(holder.token, f"POST skills /v1/entries/{event.entry_id}/rejection")[0]["body"]) == {
        "feedback": "Blend more"
    }


async def test_a_rejected_service_is_corrected_by_its_student(browse, neighbours, story, told):
    student, event = browse("student", story.student), story.service("fade")
    await story.tell(event)
    await told("select 1 from skill_entry where entry_id = $1", event.entry_id)
    entry = {
        "id": str(event.entry_id), "service_name": "Mid fade", "performed_at": "2026-01-05T19:30:00Z", "duration_minutes": 45,
        "feedback": "Blend more",
        "client_identifier": "client-17", "self_rating": 4, "description": None, "status": "rejected", "photos": [],
    }  # fmt: skip
    neighbours.play(student.token, f"GET skills /v1/entries/{event.entry_id}", 200, entry)
    for what in (f"PATCH skills /v1/entries/{event.entry_id}", f"POST skills /v1/entries/{event.entry_id}/submission"):
        neighbours.play(student.token, what, 200, {})
    page = await student.page(f"/services/{event.entry_id}")
    assert "Blend more" in page
    assert 'value="2026-01-05T14:30"' in page
    answer = await student.http.post(
        f"/services/{event.entry_id}/correction", data=service_form(story, service_name="Better fade"), headers=HX
    )
    assert "Sent for approval: Better fade." in answer.text
