"""Pages over HTTP, as people see them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from contracts.milady import SyncFinished
from contracts.onboarding import PartnerApplied


async def test_anyone_sees_the_start_page_and_the_roles(browse, neighbours):
    pay = {"type": "percentage", "default": 40, "min": 25, "max": 60, "currency": None, "basis": "of the tuition"}
    package = {"role": "program_holder", "title": "Program Holder", "subtitle": "", "description": "",
    "responsibilities": ["Answer for it"],
               "can_do": ["Enroll"], "cannot_do": ["Promise a license"], "requirements": ["A license"], "pay_model": pay}  # fmt: skip
    neighbours.play("", "GET onboarding /v1/role-packages", 200, {"items": [package], "next_cursor": None})
    visitor = browse()
    assert "Create an account" in await visitor.page("/")
    page = await visitor.page("/partners/join")
    for said in (
        "Program Holder",
        "Answer for it",
        "Promise a license",
        "40 % of the tuition (25 % to 60 %)",
        "/sign-up?next=/partners/join",
    ):
        assert said in page


async def test_the_students_page_shows_all_that_is_theirs(browse, kafka, story, told):
    alert = story.alert(message="Half of it is missing")
    mine = [story.service("haircut", status="approved") for _ in range(3)]
    await story.tell(
        story.progressed("well", 45), story.logged(300), story.logged(90, source="lms", category="theory", status="verified"), alert
    )
    await story.tell(*mine, story.service("fade", service_name="Mid fade"))
    await told("select 1 from skill_entry where student_id = $1 having count(*) = 4", story.student)
    await told("select 1 from hour_entry where student_id = $1 having count(*) = 2", story.student)
    await told("select 1 from alert where student_id = $1", story.student)
    page = await browse("student", story.student).page("/student")
    for said in (
        "Hello, Jordan", "Client Well-Being &amp; Safety", "45%", "1 h 30 min of 3 h 30 min", "3 of 200", "1 waiting for approval",
        "Mid fade",
        "6.50 of 10.00 h", "from Milady", "Half of it is missing", "At most half of the target by Wednesday", "Launch",
        "Log new service", "Log hours",
    ):  # fmt: skip
        assert said in page, said


async def test_what_is_asked_and_how_the_last_week_ended_is_shown_to_both(browse, story, told):
    """The newest revision of each, whatever comes first; what holds from a later week does not hold yet."""
    later = {"effective_from": story.asked(0).effective_from + timedelta(days=7)}
    await story.tell(story.asked(1200, revision=3), story.asked(900), story.asked(60, revision=4, **later))
    await story.tell(story.closed("met", 3, 0, revision=2), story.closed())
    await told("select 1 from requirement where enrollment_id = $1 and revision = 4", story.enrollment)
    await told("select 1 from week_result where enrollment_id = $1 and revision = 2", story.enrollment)
    student = await browse("student", story.student).page("/student")
    holder = await browse("partner", story.holder, "program_holder").page("/program-holder")
    for page, asked in ((student, "0.00 of 20.00 h"), (holder, "0.00 of 20.00")):
        assert asked in page
        assert "Last week met, 3 in a row" in page


async def test_a_rejected_service_and_voided_hours_do_not_count(browse, story, told):
    from contracts.skills import SkillRejected

    entry = story.service("haircut")
    rejected = SkillRejected(
        **entry.model_dump() | {"revision": 2, "status": "rejected"}, decided_by=story.holder, decided_at=entry.performed_at
    )
    await story.tell(rejected, entry)
    await told("select 1 from skill_entry where entry_id = $1 and status = 'rejected'", entry.entry_id)
    page = await browse("student", story.student).page("/student")
    assert "0 of 200" in page
    assert "1 to correct" in page


async def test_the_holders_page_shows_each_student_with_what_matters(browse, kafka, story, told):
    alert, entry = story.alert(severity="critical"), story.service("fade", service_name="Mid fade with line-up")
    scope = {"scope": "all", "scope_kind": "all", "scope_id": None}
    synced = SyncFinished(revision=1, sync_id=uuid4(), **scope, as_of=alert.raised_at, enrollments=1, failed=(), entries_changed=0)
    await story.tell(alert, entry, story.logged(630), synced)
    for table in ("alert", "skill_entry", "hour_entry"):
        await told(f"select 1 from {table} where student_id = $1", story.student)
    page = await browse("partner", story.holder, "program_holder").page("/program-holder")
    for said in (
        story.name, f"{story.student.hex}@example.com", "10.50 of 10.00", "Critical", f'id="alert-{alert.alert_id}"', "1 open",
        "Mid fade with line-up",
        f"/services/{entry.entry_id}", "Approve all", "1 service waits for your decision", "Milady data of all students up to",
    ):  # fmt: skip
        assert said in page, said


async def test_the_admins_page_shows_the_queue_and_everyones_alerts(browse, story, new_story, told):
    applicant, alert = uuid4(), story.alert()
    await story.tell(
        story.who(applicant, "Dana Brooks"),
        PartnerApplied(revision=1, user_id=applicant, role="worksite", status="pending", applied_at=alert.raised_at),
        alert,
    )
    await told("select 1 from partner join person using (user_id) where user_id = $1", applicant)
    await told("select 1 from alert where alert_id = $1", alert.alert_id)
    page = await browse("admin", None, "admin").page("/admin/partners")
    for said in ("Dana Brooks", "Worksite", f"/admin/partners/{applicant}/approval", str(alert.alert_id), "Latest audit entries"):
        assert said in page, said


@pytest.mark.parametrize(("kind", "roles", "home"), [
    ("admin", ("admin",), "/admin/partners"), ("partner", ("program_holder",), "/program-holder"), ("student", (), "/student"),
])  # fmt: skip
async def test_everybody_is_led_to_their_own_page(browse, kind, roles, home):
    assert (await browse(kind, None, *roles).http.get("/")).headers["location"] == home


async def test_empty_pages_say_what_to_do(browse):
    assert "Your program holder enrolls you with the email address" in await browse("student").page("/student")
    page = await browse("partner", None, "program_holder").page("/program-holder")
    for said in ("Publish your program", "No open alerts", "Nothing waits for you"):
        assert said in page


@pytest.mark.parametrize("path", ["/nowhere", "/student/parts/nothing", "/services/not-an-id", f"/services/{uuid4()}", "/v2/x"])
async def test_what_is_not_there_is_a_page_that_says_so(browse, path):
    answer = await browse("student").http.get(path)
    assert answer.status_code == 404
    assert "<h1>This page is not here</h1>" in answer.text


async def test_the_api_answers_its_clients_in_json(portal):
    admin = portal.client("admin", None, "admin")
    missing = await admin.get("/v1/nothing")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert {"broken_at", "compared"} <= (await admin.get("/v1/audit/verification")).json().keys()


async def test_a_part_that_fails_leaves_the_page_as_it_is(browse):
    answer = await browse("student").part("/student/parts/nothing")
    assert (answer.status_code, answer.headers["hx-reswap"], answer.text) == (404, "none", "")


async def test_names_with_html_in_them_are_names(browse, story, told):
    await story.tell(story.who(story.student, "<script>alert(1)</script>", revision=2))
    await told("select 1 from person where user_id = $1 and revision = 2", story.student)
    page = await browse("partner", story.holder, "program_holder").page("/program-holder")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_static_files_are_kept_for_good_and_nothing_else_is_served(portal, browse):
    page = await browse().page("/")
    for address in [part.split('"')[0] for part in page.split('="/static/')[1:]]:
        answer = await portal.client().get(f"/static/{address}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for wrong in ("/static/x/../app.py", "/static/x/%2e%2e/app.py", "/static/x/vendor/../../app.py"):
        assert (await portal.client().get(wrong)).status_code == 404
    assert (await portal.client().get("/favicon.ico")).headers["content-type"] == "image/svg+xml"


async def test_the_process_stays_small(portal):
    import psutil

    assert psutil.Process(portal.process.pid).memory_info().rss < 150 * 2**20
