"""Accounts at Milady: who may ask, one account per email, and what a client gets to read."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

PROFILE = {"email": "ada@example.org", "first_name": "Ada", "last_name": "Lovelace", "external_id": "user-7"}


@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic token-of-north"}, {"Authorization": b"Bearer \xff\xfe"}],
)
def test_a_request_without_a_tenants_token_is_refused(sandbox, header):
    answer = httpx.get(f"{sandbox.url}/milady/api/v1/courses", headers=header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "unauthorized"


def test_a_student_is_created_and_read(sandbox):
    made = sandbox.north.post("students", json=PROFILE)
    assert made.status_code == 201
    student = made.json()
    assert student["external_id"] == "user-7"
    assert httpx.get(student["login_url"]).status_code == 200
    read = sandbox.north.get(f"students/{student['student_id']}").json()
    assert read == {**student, "enrollments": []}


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org"])
def test_a_second_account_of_an_email_is_refused_and_names_the_first(sandbox, email):
    first = sandbox.student()
    again = sandbox.north.post("students", json={**PROFILE, "email": email})
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "student_exists"
    assert again.json()["existing_id"] == first["student_id"]


def test_of_many_accounts_at_once_for_one_email_one_is_made(sandbox):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.north.post("students", json=PROFILE), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len({answer.json().get("existing_id") or answer.json()["student_id"] for answer in answers}) == 1


def test_a_student_is_found_by_email(sandbox):
    wanted = sandbox.student("a+b@example.org")
    sandbox.student("other@example.org")
    found = sandbox.north.get("students", params={"email": "A+B@example.org"}).json()
    assert [student["student_id"] for student in found["students"]] == [wanted["student_id"]]
    assert sandbox.north.get("students", params={"email": "nobody@example.org"}).json()["students"] == []


def test_the_list_comes_in_pages_that_lead_to_each_other(sandbox):
    made = [sandbox.student(f"{number}@example.org")["student_id"] for number in range(5)]
    listed, url = [], "students?per_page=2"
    while url:
        body = sandbox.north.get(url).json()
        listed += [student["student_id"] for student in body["students"]]
        url = body["pagination"].pop("next")
    assert listed == made
    assert body["pagination"] == {"page": 3, "per_page": 2, "total_items": 5, "total_pages": 3}


def test_a_profile_is_replaced(sandbox):
    student = sandbox.student()
    changed = sandbox.north.put(f"students/{student['student_id']}", json={**PROFILE, "last_name": "King"})
    assert changed.status_code == 200
    assert changed.json()["last_name"] == "King"


def test_a_profile_cannot_take_another_students_email(sandbox):
    other, student = sandbox.student("other@example.org"), sandbox.student()
    answer = sandbox.north.put(f"students/{student['student_id']}", json={**PROFILE, "email": "Other@example.org"})
    assert answer.status_code == 409
    assert answer.json()["existing_id"] == other["student_id"]


def test_tenants_do_not_see_each_other(sandbox):
    enrollment = sandbox.enrollment()
    student_id, enrollment_id = enrollment["student_id"], enrollment["enrollment_id"]
    sandbox.study("4", progress="100")
    certificate_id = sandbox.north.get(f"enrollments/{enrollment_id}/certificate").json()["certificate_id"]
    assert sandbox.south.get("students").json()["students"] == []
    for path in (
        f"students/{student_id}",
        f"students/{student_id}/time-summary",
        f"enrollments/{enrollment_id}",
        f"enrollments/{enrollment_id}/progress",
        f"enrollments/{enrollment_id}/time-tracking",
        f"enrollments/{enrollment_id}/certificate",
        f"certificates/{certificate_id}/download",
    ):
        assert sandbox.north.get(path).status_code == 200, path
        assert sandbox.south.get(path).status_code == 404, path
    assert sandbox.south.put(f"students/{student_id}", json=PROFILE).status_code == 404
    assert sandbox.south.post("enrollments", json={"student_id": student_id, "course_code": "rise-wellbeing-safety"}).status_code == 404
    assert sandbox.south.post("sso/launch", json={"student_id": student_id, "enrollment_id": enrollment_id}).status_code == 404
    assert sandbox.south.post("students", json=PROFILE).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b'{"email": "no-at-sign", "first_name": "A", "last_name": "B"}',
        b'{"email": "a@example.org", "first_name": " ", "last_name": "B"}',
        b'{"email": "a@example.org", "first_name": "\\ud800", "last_name": "B"}',
        b'{"email": "a@example.org", "first_name": 7, "last_name": "B"}',
        b"\xff\xfe",
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_stores_nothing(sandbox, body):
    answer = sandbox.north.post("students", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]
    assert sandbox.north.get("students").json()["students"] == []


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=501", "page=99999999999999999999"])
def test_a_page_that_cannot_be_is_refused(sandbox, query):
    assert sandbox.north.get(f"students?{query}").status_code == 422


def test_unknown_paths_and_methods_have_a_body_too(sandbox):
    assert sandbox.north.get("nothing").json()["error"]["status"] == 404
    assert sandbox.north.delete("students").json()["error"]["status"] == 405
