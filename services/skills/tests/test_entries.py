"""A student's log: written, corrected, shown in photos, submitted (SPEC 3.5)."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import asyncpg
import pytest
from contracts.skills import SkillLogged
from dev.harness import events_of, eventually, send
from PIL import Image


async def test_a_service_is_logged_and_submitted(student, apprentice, logged, kafka):
    draft = await logged(photo=False, submit=False, description="first taper")
    assert (draft["status"], draft["revision"], draft["photos"], draft["description"]) == ("draft", 1, [], "first taper")
    done = (await student.post(f"/v1/entries/{draft['id']}/submission")).json()
    assert (done["status"], done["submitted_at"] is None) == ("pending", False)
    told = (await events_of(kafka, SkillLogged, where=apprentice.mine))[0]
    assert (str(told.entry_id), told.skill_code, told.status, told.photos, told.duration_minutes) == (
        draft["id"],
        "haircut",
        "pending",
        0,
        40,
    )
    assert told.program_id == apprentice.program_id


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"skill_code": "perm"}, 409, "skill-not-in-program"),
        ({"performed_at": (datetime.now(UTC) + timedelta(hours=2)).isoformat()}, 409, "performed-in-future"),
        ({"client_identifier": "Jordan Ellis"}, 422, "client-identifier-is-name"),
        ({"client_identifier": "x" * 41}, 422, "malformed-request"),
        ({"duration_minutes": 0}, 422, "malformed-request"),
        ({"duration_minutes": 601}, 422, "malformed-request"),
        ({"self_rating": 6}, 422, "malformed-request"),
        ({"performed_at": "2026-11-12T15:00:00"}, 422, "malformed-request"),
        ({"status": "approved"}, 422, "malformed-request"),
        ({"enrollment_id": str(uuid4())}, 404, "enrollment-not-found"),
    ],
)
async def test_what_does_not_fit_is_refused(student, apprentice, change, status, kind):
    answer = await student.post("/v1/entries", json=apprentice.service(**change))
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert answer.json()["detail"]


async def test_only_the_student_logs(service, apprentice, holder):
    for client in (holder, service.client("admin", None, "admin"), service.client("student")):
        answer = await client.post("/v1/entries", json=apprentice.service())
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/enrollment-not-found")


async def test_a_repeated_request_logs_once(student, apprentice):
    key = {"Idempotency-Key": str(uuid4())}
    first, second = [await student.post("/v1/entries", json=apprentice.service(), headers=key) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert len((await student.get("/v1/entries", params={"enrollment_id": str(apprentice.enrollment_id)})).json()["items"]) == 1


async def test_a_draft_is_corrected_and_what_is_submitted_is_not(student, apprentice, logged):
    draft = await logged(submit=False, description="to go")
    address = f"/v1/entries/{draft['id']}"
    changed = (await student.patch(address, json={"skill_code": "fade", "description": None})).json()
    assert (changed["skill_code"], changed["description"], changed["service_name"]) == ("fade", None, "Taper and line-up")
    assert changed["revision"] == draft["revision"] + 1
    for wrong, kind in (({"skill_code": "perm"}, "skill-not-in-program"), ({"client_identifier": "Ann Lee"}, "client-identifier-is-name")):
        assert (await student.patch(address, json=wrong)).json()["type"] == f"/problems/{kind}"
    assert (await student.patch(address, json={})).status_code == 422
    await student.post(f"{address}/submission")
    for answer in (await student.patch(address, json={"self_rating": 1}), await student.post(f"{address}/submission")):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-editable")


async def test_a_withdrawn_student_logs_and_submits_no_more(service, student, apprentice, logged, kafka):
    draft = await logged(submit=False)
    await send(kafka, "onboarding", apprentice.withdrawal(revision=2))
    gone = "select true from enrollment where enrollment_id = $1 and status = 'withdrawn'"
    await eventually(lambda: service.sql(gone, apprentice.enrollment_id))
    for answer in (
        await student.post("/v1/entries", json=apprentice.service()),
        await student.post(f"/v1/entries/{draft['id']}/submission"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/enrollment-ended")


async def test_lists_are_filtered_and_paged(student, apprentice, logged):
    for code in ("haircut", "fade", "haircut"):
        await logged(photo=False, submit=code == "fade", skill_code=code)
    mine = {"enrollment_id": str(apprentice.enrollment_id)}

    async def codes(**query):
        return [each["skill_code"] for each in (await student.get("/v1/entries", params={**mine, **query})).json()["items"]]

    assert await codes() == ["haircut", "fade", "haircut"]
    assert await codes(skill_code="haircut") == ["haircut", "haircut"]
    assert await codes(status="pending") == ["fade"]
    assert await codes(student_id=str(uuid4())) == []
    first = (await student.get("/v1/entries", params={**mine, "limit": 2})).json()
    rest = (await student.get("/v1/entries", params={**mine, "limit": 2, "cursor": first["next_cursor"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    assert {each["id"] for each in first["items"]}.isdisjoint(each["id"] for each in rest["items"])
    assert (await student.get("/v1/entries", params={"cursor": "WyJub3QgYSB1dWlkIl0"})).json()["type"] == "/problems/cursor-not-usable"


async def test_photos_are_kept_replaced_and_shown_to_whoever_may_see(service, student, holder, logged, picture):
    entry = await logged(photo=False, submit=False)
    address = f"/v1/entries/{entry['id']}/photos"
    for size, kind in (((100, 80), "before"), ((90, 60), "before"), ((50, 40), "after")):
        answer = await student.post(address, data={"kind": kind}, files={"file": ("x.png", picture("PNG", size=size))})
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"{address}/{kind}"
    assert answer.json()["photos"] == ["before", "after"]
    for client in (student, holder, service.client("admin", None, "admin")):
        shown = await client.get(f"{address}/before")
        assert (shown.headers["content-type"], Image.open(BytesIO(shown.content)).size) == ("image/jpeg", (90, 60))
    assert Image.open(BytesIO((await student.get(f"{address}/before", params={"size": "thumbnail"})).content)).size == (90, 60)
    for stranger in (service.client("student"), service.client("partner", None, "program_holder")):
        assert (await stranger.get(f"{address}/before")).status_code == 404
        answer = await stranger.post(address, data={"kind": "after"}, files={"file": ("x.png", picture())})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/entry-not-found")
    answer = await holder.post(address, data={"kind": "after"}, files={"file": ("x.png", picture())})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/entry-not-found")
    files = [path.name for path in (service.log.parent / "files" / "entries" / entry["id"]).iterdir()]
    assert len(files) == 4


async def test_photos_that_are_none_are_refused(student, logged, picture):
    entry = await logged(photo=False, submit=False)
    address = f"/v1/entries/{entry['id']}/photos"
    for content, kind in (
        (b"no picture", "photo-not-readable"),
        (picture("GIF"), "photo-not-readable"),
        (b"\xff\xd8" + b"\0" * (10 * 1024 * 1024), "photo-too-large"),
    ):
        answer = await student.post(address, data={"kind": "after"}, files={"file": ("x.jpg", content)})
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{kind}")
    answer = await student.post(address, data={"kind": "sideways"}, files={"file": ("x.jpg", picture())})
    assert answer.status_code == 422
    answer = await student.get(f"{address}/after")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/photo-not-found")
    await student.post(f"/v1/entries/{entry['id']}/submission")
    answer = await student.post(address, data={"kind": "after"}, files={"file": ("x.jpg", picture())})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-editable")


async def test_every_change_is_audited(service, logged):
    entry = await logged()
    found = await service.sql("select action, subject_id::text from audit_entry where object_id = $1 order by id", entry["id"])
    assert [tuple(row) for row in found] == [(f"entry.{what}", entry["student_id"]) for what in ("create", "photo", "submit")]


async def test_what_is_told_of_an_enrollment_waits_for_who_tells_of_it_already(service, student, apprentice, logged, kafka):
    """Two entries are two rows, but one key: the later commit must not have drawn the earlier outbox id."""
    draft = await logged(photo=False, submit=False)
    holding = await asyncpg.connect(service.database.admin_url)
    try:
        async with holding.transaction():
            await holding.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", str(apprentice.enrollment_id))
            submitting = asyncio.create_task(student.post(f"/v1/entries/{draft['id']}/submission"))
            await eventually(lambda: service.sql("select true from pg_locks where locktype = 'advisory' and not granted"))
            assert not submitting.done()
    finally:
        await holding.close()
    assert (await submitting).json()["status"] == "pending"
