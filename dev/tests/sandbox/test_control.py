"""The clock, orders that do not fit, the journal, and the page for a person."""

from datetime import UTC, datetime, timedelta

import pytest

STUDY = {"student_email": "ada@example.org", "course": "rise-wellbeing-safety", "activity": "video", "hours": "1", "on": "2026-11-16"}


def instant(text):
    return datetime.fromisoformat(text)


def test_the_clock_starts_at_real_time_and_moves(sandbox):
    before = datetime.now(UTC)
    assert abs(instant(sandbox.open.get("control/clock").json()["now"]) - before) < timedelta(minutes=1)
    assert sandbox.clock(now="2026-11-18T19:30:00-05:00").startswith("2026-11-19T00:30")
    moved = instant(sandbox.clock(advance_seconds=86400)) - instant("2026-11-20T00:30:00Z")
    assert timedelta(0) <= moved < timedelta(minutes=1)
    back = instant(sandbox.clock(advance_seconds=-2 * 86400)) - instant("2026-11-18T00:30:00Z")
    assert timedelta(0) <= back < timedelta(minutes=1)


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"now": "2026-11-18T15:00:00"},
        {"now": "soon"},
        {"now": "2026-11-18T15:00:00Z", "advance_seconds": 1},
        {"now": "1999-12-31T23:59:59Z"},
        {"advance_seconds": 1e300},
        {"advance_seconds": 1e11},
        {"advance": 1},
    ],
)
def test_a_clock_order_that_does_not_fit_changes_nothing(sandbox, order):
    sandbox.clock(now="2026-11-18T15:00:00Z")
    assert sandbox.open.put("control/clock", json=order).status_code == 422
    assert sandbox.open.get("control/clock").json()["now"].startswith("2026-11-18T15:0")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"hours": 0}, 422),
        ({"hours": "1.005"}, 422),
        ({"hours": "24.01"}, 422),
        ({"hours": "NaN"}, 422),
        ({"activity": "nap"}, 422),
        ({"on": "16.11.2026"}, 422),
        ({"progress": "100.01"}, 422),
        ({"milady_student_id": "stu_1"}, 422),
        ({"student_email": None}, 422),
        ({"student_email": "nobody@example.org"}, 404),
        ({"course": "rise-nothing"}, 404),
        ({"course": "rise-finance-fundamentals"}, 404),
        ({"lesson": "ff-1"}, 404),
    ],
)
def test_study_that_does_not_fit_is_refused(sandbox, change, status):
    enrollment = sandbox.enrollment()
    answer = sandbox.open.post("control/study", json={**STUDY, **change})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert sandbox.north.get(f"enrollments/{enrollment['enrollment_id']}").json()["status"] == "not_started"


def test_an_email_of_two_tenants_needs_the_id(sandbox):
    enrollment = sandbox.enrollment()
    sandbox.south.post("students", json={"email": "ada@example.org", "first_name": "Ada", "last_name": "South"})
    assert sandbox.open.post("control/study", json=STUDY).status_code == 409
    assert sandbox.study("1", student_email=None, milady_student_id=enrollment["student_id"])["total_hours"] == "1.00"


@pytest.mark.parametrize("change", [{}, {"hours": "1", "remove": True}, {"hours": "-1"}, {"hours": "0.001"}])
def test_a_restatement_that_does_not_fit_is_refused(sandbox, change):
    sandbox.enrollment()
    entry_id = sandbox.study("1")["entry_id"]
    assert sandbox.open.post("control/restatements", json={"entry_id": entry_id, **change}).status_code == 422


def test_the_journal_tells_what_outside_systems_were_asked(sandbox):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sandbox.north.get("courses?x=1", headers={"traceparent": trace})
    sandbox.open.get("milady/api/v1/courses")
    first, second = sandbox.open.get("control/requests").json()["requests"]
    assert first.pop("at")
    assert first == {
        "number": 1,
        "tenant": "north",
        "method": "GET",
        "path": "/milady/api/v1/courses",
        "query": "x=1",
        "traceparent": trace,
        "status": 200,
    }
    assert (second["tenant"], second["status"], second["traceparent"]) == (None, 401, None)
    assert [one["number"] for one in sandbox.open.get("control/requests?limit=1").json()["requests"]] == [2]


def test_the_state_shows_the_entries(sandbox):
    enrollment = sandbox.enrollment()
    entry = sandbox.study("1.5")
    (student,) = sandbox.open.get("control/state").json()["students"]
    assert (student["email"], student["tenant"]) == ("ada@example.org", "north")
    (shown,) = student["enrollments"]
    assert shown["enrollment_id"] == enrollment["enrollment_id"]
    assert shown["entries"] == [{"entry_id": entry["entry_id"], "on": "2026-11-16", "hours": "1.50", "lesson": "ws-1", "activity": "video"}]


def test_the_page_shows_what_is_there_and_runs_nobodys_script(sandbox):
    assert "No students yet" in sandbox.open.get("/").text
    sandbox.enrollment()
    sandbox.student("b@example.org", last_name="<script>alert(1)</script>")
    sandbox.study("1.75")
    sandbox.clock(now="2026-11-18T15:00:00Z")
    sandbox.faults(down=True)
    page = sandbox.open.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for text in ("Ada Lovelace", "50 %, in progress", "1.75", "2026-11-18T15:0", "Finance Fundamentals", "&lt;script&gt;", "not enrolled"):
        assert text in page.text
    assert "<script>alert" not in page.text
    assert "down" in page.text


def test_it_says_when_it_is_ready(sandbox):
    assert sandbox.open.get("livez").status_code == sandbox.open.get("readyz").status_code == 200
