"""The HTTP door: what people see, and what they are told when they may not (SPEC 3.4, 4)."""

from datetime import date
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio


@pytest.fixture
def student(service, apprentice):
    """The apprentice's own client."""
    return service.client("student", apprentice.student_id)


@pytest.fixture
def holder(service, apprentice):
    """The client of the program holder to whom the apprentice is assigned."""
    return service.client("partner", apprentice.partner_id, "program_holder")


@pytest_asyncio.fixture(loop_scope="session")
async def synced(apprentice, study, sync):
    """The apprentice after three days of study."""
    for day, hours in ((13, "1.50"), (14, "0.25"), (15, "1.00")):
        await study(apprentice, hours, date(2026, 11, day), progress="45.5")
    await sync(apprentice)
    return apprentice


async def test_progress_and_time(student, synced):
    shown = (await student.get(f"/v1/enrollments/{synced.enrollment_id}/progress")).json()["courses"]
    course = next(each for each in shown if each["code"] == "rise-wellbeing-safety")
    assert (course["percent"], course["minutes_spent"], course["minutes_required"]) == ("45.5", 165, 210)
    assert course["as_of"]
    assert course["last_accessed_at"]
    address, pages = f"/v1/enrollments/{synced.enrollment_id}/time", []
    cursor = {}
    while cursor is not None:
        page = (await student.get(address, params={"limit": 2, **cursor})).json()
        pages.append([(each["date"], each["minutes"], each["hours"], each["activity_type"]) for each in page["items"]])
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert pages == [
        [("2026-11-15", 60, "1.00", "video"), ("2026-11-14", 15, "0.25", "video")],
        [("2026-11-13", 90, "1.50", "video")],
    ]


@pytest.mark.parametrize("what", ["progress", "time"])
async def test_others_see_nothing(service, apprentice, student, holder, what):
    address = f"/v1/enrollments/{apprentice.enrollment_id}/{what}"
    assert [(await client.get(address)).status_code for client in (student, holder)] == [200, 200]
    strangers = [service.client("student"), service.client("partner", None, "program_holder")]
    assert [(await client.get(address)).status_code for client in strangers] == [404, 404]
    assert (await service.client().get(address)).status_code == 401


async def test_a_course_opens_once_and_its_address_is_written_nowhere(service, apprentice, student):
    wanted = {"enrollment_id": str(apprentice.enrollment_id), "course_code": "rise-finance-fundamentals"}
    answer = await student.post("/v1/launches", json=wanted, headers={"Idempotency-Key": str(uuid4())})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    url, expires_at = answer.json()["url"], answer.json()["expires_at"]
    assert expires_at
    async with httpx.AsyncClient() as browser:
        assert [(await browser.get(url)).status_code for _ in range(2)] == [200, 410]
    secret = url.rsplit("/", 1)[1]
    assert secret not in service.log.read_text()
    assert secret not in str(await service.sql("select * from idempotency_key"))
    assert secret not in str(await service.sql("select * from audit_entry"))
    audited = await service.sql("select subject_id from audit_entry where action = 'course.launch'")
    assert apprentice.student_id in [row["subject_id"] for row in audited]


async def test_nobody_opens_anothers_course(service, apprentice, student, holder, admin, control):
    wanted = {"enrollment_id": str(apprentice.enrollment_id), "course_code": "rise-finance-fundamentals"}
    for client in (holder, admin, service.client("student")):
        answer = await client.post("/v1/launches", json=wanted)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/enrollment-not-found")
    assert (await student.post("/v1/launches", json=wanted | {"course_code": "no\x00course"})).status_code == 422
    answer = await student.post("/v1/launches", json=wanted | {"course_code": "no-such-course"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/course-not-found")


async def test_a_launch_while_milady_refuses_says_so(service, apprentice, student, control):
    await control.put("/faults", json={"next": [{"kind": "status", "status": 403, "path": "*/sso/launch"}]})
    answer = await student.post(
        "/v1/launches", json={"enrollment_id": str(apprentice.enrollment_id), "course_code": "rise-finance-fundamentals"}
    )
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/milady-does-not-answer")


async def test_who_may_sync_what(service, apprentice, student, holder, admin):
    program = {"scope": "program", "id": str(apprentice.program_id)}
    enrollment = {"scope": "enrollment", "id": str(apprentice.enrollment_id)}
    for scope in (program, enrollment):
        answer = await holder.post("/v1/syncs", json=scope)
        assert answer.status_code == 202
        assert (await holder.get(answer.headers["location"])).json()["total"] == 1
        assert answer.json()["id"] in [run["id"] for run in (await holder.get("/v1/syncs")).json()["items"]]
    assert (await holder.post("/v1/syncs", json={"scope": "all"})).status_code == 403
    assert (await student.post("/v1/syncs", json=enrollment)).status_code == 403
    stranger = service.client("partner", None, "program_holder")
    assert [(await stranger.post("/v1/syncs", json=scope)).status_code for scope in (program, enrollment)] == [404, 404]
    assert (await stranger.get(answer.headers["location"])).status_code == 404
    assert (await stranger.get("/v1/syncs")).json()["items"] == []


async def test_a_repeated_request_starts_one_run(apprentice, admin):
    wanted = {"scope": "enrollment", "id": str(apprentice.enrollment_id)}
    key = {"Idempotency-Key": str(uuid4())}
    first, second = [await admin.post("/v1/syncs", json=wanted, headers=key) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["location"] == first.headers["location"]


async def test_what_does_not_fit_is_refused_with_a_sentence(admin, apprentice):
    for body in ({"scope": "all", "id": str(uuid4())}, {"scope": "program"}, {"scope": "everything"}, {}):
        answer = await admin.post("/v1/syncs", json=body)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/malformed-request")
    for cursor in ("nonsense", "WyJub3QgYSBkYXRlIiwieCJd", "W10", "W251bGwsbnVsbF0"):
        answer = await admin.get(f"/v1/enrollments/{apprentice.enrollment_id}/time", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/cursor-not-usable")
    assert (await admin.get(f"/v1/syncs/{uuid4()}")).status_code == 404
    assert (await admin.post(f"/v1/provisionings/{uuid4()}/retry")).status_code == 404


async def test_the_command_line_starts_a_sync(service, apprentice):
    done = service.run("sync", "--enrollment", str(apprentice.enrollment_id))
    assert "1 enrollments requested" in done.stdout, done.stderr
    refused = service.run("sync", "--program", str(uuid4()))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
