"""Certificates of completed courses, and their PDF."""

import re

import pytest
from dev.sandbox.milady.certificates import certificate_pdf
from dev.sandbox.milady.domain import Enrollment, Student


def test_there_is_no_certificate_before_completion(sandbox):
    enrollment_id = sandbox.enrollment()["enrollment_id"]
    sandbox.study("1", progress="99.99")
    answer = sandbox.north.get(f"enrollments/{enrollment_id}/certificate")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "certificate_not_issued"


def test_completion_issues_one_certificate_with_a_pdf(sandbox):
    enrollment_id = sandbox.enrollment()["enrollment_id"]
    sandbox.clock(now="2026-11-18T15:00:00Z")
    assert sandbox.study("3.5")["status"] == "completed"
    certificate = sandbox.north.get(f"enrollments/{enrollment_id}/certificate").json()
    assert certificate["issued_date"] == "2026-11-18"
    sandbox.clock(now="2026-12-01T15:00:00Z")
    sandbox.study("1")
    assert sandbox.north.get(f"enrollments/{enrollment_id}/certificate").json() == certificate
    pdf = sandbox.north.get(certificate["certificate_url"])
    assert pdf.headers["content-type"] == "application/pdf"
    assert b"(Ada Lovelace)" in pdf.content
    assert sandbox.open.get(certificate["certificate_url"]).status_code == 401
    assert sandbox.north.get("certificates/crt_nothing/download").status_code == 404


@pytest.mark.parametrize("name", ["Lovelace", "O\\'Neil (née Ñandú)", "Łukasz 李", "a\nb"])
def test_the_pdf_is_whole_whatever_the_name(name):
    at = "2026-11-18T15:00:00Z"
    student = Student("stu_1", "north", "ada@example.org", "Ada", name, None, at, at)
    pdf = certificate_pdf(student, Enrollment("enr_1", "stu_1", "rise-finance-fundamentals", 10000, at, at, at, "crt_1", 400))
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    start = int(re.search(rb"startxref\n(\d+)", pdf).group(1))
    assert pdf[start:].startswith(b"xref\n0 7\n")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf[start:]), 1):
        assert pdf[int(offset) :].startswith(f"{number} 0 obj\n".encode())
    length = int(re.search(rb"/Length (\d+)", pdf).group(1))
    stream = pdf[pdf.index(b"stream\n") + 7 :]
    assert stream[length:].startswith(b"endstream")
    unescaped = re.sub(rb"\\.", b"", stream[:length])
    assert unescaped.count(b"(") == unescaped.count(b")") == 7
