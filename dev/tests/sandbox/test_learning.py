"""Enrollments, progress, time and its restatement, in both dialects."""

import pytest


def test_the_two_courses_are_there_with_their_lessons(sandbox):
    courses = {course["course_code"]: course for course in sandbox.north.get("courses").json()["courses"]}
    assert {code: (course["course_title"], course["course_hours"]) for code, course in courses.items()} == {
        "rise-wellbeing-safety": ("Client Well-Being & Safety", 3.5),
        "rise-finance-fundamentals": ("Finance Fundamentals", 4.0),
    }
    for course in courses.values():
        assert {lesson["activity_type"] for lesson in course["lessons"]} == {"video", "reading", "assessment"}


def test_a_new_enrollment_is_not_started(sandbox):
    enrollment = sandbox.enrollment()
    assert enrollment["status"] == "not_started"
    assert enrollment["completion_percentage"] == 0
    assert enrollment["last_accessed"] is None
    assert sandbox.north.get(f"enrollments/{enrollment['enrollment_id']}").json() == enrollment
    listed = sandbox.north.get(f"students/{enrollment['student_id']}").json()["enrollments"]
    assert [one["enrollment_id"] for one in listed] == [enrollment["enrollment_id"]]


def test_a_second_enrollment_in_a_course_is_refused_and_names_the_first(sandbox):
    enrollment = sandbox.enrollment()
    again = sandbox.north.post("enrollments", json={"student_id": enrollment["student_id"], "course_code": "rise-wellbeing-safety"})
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "already_enrolled"
    assert again.json()["existing_id"] == enrollment["enrollment_id"]
    other = sandbox.north.post("enrollments", json={"student_id": enrollment["student_id"], "course_code": "rise-finance-fundamentals"})
    assert other.status_code == 201


def test_unknown_students_and_courses_are_not_found(sandbox):
    student_id = sandbox.student()["student_id"]
    for student, course in ((student_id, "rise-nothing"), ("stu_nobody", "rise-wellbeing-safety")):
        assert sandbox.north.post("enrollments", json={"student_id": student, "course_code": course}).status_code == 404


def test_study_moves_progress_and_time(sandbox):
    enrollment = sandbox.enrollment()
    sandbox.clock(now="2026-11-18T15:00:00Z")
    sandbox.study("1.25", lesson="ws-1")
    sandbox.study("0.5", activity="reading")
    progress = sandbox.north.get(f"enrollments/{enrollment['enrollment_id']}/progress").json()
    assert progress["status"] == "in_progress"
    assert progress["completion_percentage"] == 50
    assert progress["total_time_hours"] == 1.75
    assert progress["last_accessed"].startswith("2026-11-18T15:00")
    assert [lesson["lesson_id"] for lesson in progress["lessons_completed"]] == ["ws-1", "ws-2"]
    assert [(lesson["lesson_id"], lesson["hours_spent"]) for lesson in progress["time_tracking"]["by_lesson"]] == [
        ("ws-1", 1.25),
        ("ws-2", 0.5),
    ]
    assert [assessment["status"] for assessment in progress["assessments"]] == ["pending"]


def test_progress_can_be_set_apart_from_the_hours_and_stays_complete(sandbox):
    sandbox.enrollment()
    assert sandbox.study("1.50", progress="45")["completion_percentage"] == 45
    assert sandbox.study("0.10", progress="100")["status"] == "completed"
    refused = {"student_email": "ada@example.org", "course": "rise-wellbeing-safety", "activity": "video", "hours": "1", "on": "2026-11-16"}
    answer = sandbox.open.post("control/study", json={**refused, "progress": "60"})
    assert answer.status_code == 409
    assert sandbox.study("1")["total_hours"] == "2.60", "the refused hour must not be on the record"


def test_time_on_one_date_lesson_and_activity_is_one_row(sandbox):
    enrollment = sandbox.enrollment()
    first = sandbox.study("1.10", lesson="ws-1")
    assert sandbox.study("0.20", lesson="ws-1")["entry_id"] == first["entry_id"]
    sandbox.study("0.30", lesson="ws-1", activity="assessment")
    rows = sandbox.north.get(f"enrollments/{enrollment['enrollment_id']}/time-tracking").json()["by_date"]
    row = {"date": "2026-11-16", "lesson_id": "ws-1", "lesson_name": "Seeing the whole client"}
    assert rows == [
        {**row, "hours_spent": 0.3, "activity_type": "assessment"},
        {**row, "hours_spent": 1.3, "activity_type": "video"},
    ]


def test_time_tracking_is_filtered_by_dates_and_comes_in_pages(sandbox):
    path = f"enrollments/{sandbox.enrollment()['enrollment_id']}/time-tracking"
    for day in range(10, 20):
        sandbox.study("0.25", on=f"2026-11-{day}", lesson="ws-1")
    dates, url = [], f"{path}?from=2026-11-12&to=2026-11-16&per_page=2"
    while url:
        body = sandbox.north.get(url).json()
        assert body["total_hours"] == 1.25
        assert body["by_lesson"] == [{"lesson_id": "ws-1", "lesson_name": "Seeing the whole client", "hours_spent": 1.25}]
        dates += [row["date"] for row in body["by_date"]]
        url = body["pagination"]["next"]
    assert dates == [f"2026-11-{day}" for day in range(12, 17)]
    assert sandbox.north.get(path, params={"page": 9}).json()["by_date"] == []
    assert sandbox.north.get(path, params={"from": "2026-11-17"}).json()["pagination"]["total_items"] == 3


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-02-30", "from=2026-11-02&to=2026-11-01"])
def test_dates_that_do_not_fit_are_refused(sandbox, query):
    assert sandbox.north.get(f"enrollments/{sandbox.enrollment()['enrollment_id']}/time-tracking?{query}").status_code == 422


def test_the_time_summary_sums_courses_and_months(sandbox):
    student_id = sandbox.enrollment()["student_id"]
    sandbox.north.post("enrollments", json={"student_id": student_id, "course_code": "rise-finance-fundamentals"})
    sandbox.study("1", on="2026-10-31")
    sandbox.study("2", on="2026-11-01")
    sandbox.study("0.5", on="2026-11-02", course="rise-finance-fundamentals")
    summary = sandbox.north.get(f"students/{student_id}/time-summary").json()
    assert summary["total_hours"] == 3.5
    assert [(course["course_code"], course["hours_spent"]) for course in summary["by_course"]] == [
        ("rise-wellbeing-safety", 3.0),
        ("rise-finance-fundamentals", 0.5),
    ]
    assert summary["by_month"] == [{"month": "2026-10", "hours_spent": 1.0}, {"month": "2026-11", "hours_spent": 2.5}]


def test_an_entry_is_restated_and_vanishes(sandbox):
    path = f"enrollments/{sandbox.enrollment()['enrollment_id']}/time-tracking"
    entry_id = sandbox.study("1.5")["entry_id"]
    assert sandbox.open.post("control/restatements", json={"entry_id": entry_id, "hours": "0.75"}).status_code == 204
    assert sandbox.north.get(path).json()["by_date"][0]["hours_spent"] == 0.75
    assert sandbox.open.post("control/restatements", json={"entry_id": entry_id, "remove": True}).status_code == 204
    assert sandbox.north.get(path).json()["by_date"] == []
    assert sandbox.open.post("control/restatements", json={"entry_id": entry_id, "remove": True}).status_code == 404


def test_the_dialects_name_the_same_things_differently(sandbox):
    path = f"enrollments/{sandbox.enrollment()['enrollment_id']}"
    sandbox.study("1.75")
    names = {"a": ("completion_percentage", "total_time_hours", "last_accessed"), "b": ("progress", "time_spent", "last_accessed_at")}
    read = {}
    for dialect, other in (("a", "b"), ("b", "a")):
        assert sandbox.open.put("control/dialect", json={"dialect": dialect}).json() == {"dialect": dialect}
        for body in (sandbox.north.get(path).json(), sandbox.north.get(f"{path}/progress").json()):
            assert not set(names[other]) & set(body)
            read[dialect] = tuple(body[name] for name in names[dialect])
    assert read["a"][:2] == (50, 1.75)
    assert read["b"][:2] == (50, "1.75")
    assert read["a"][2] == read["b"][2]
