"""What was believed of an enrollment's hours at an instant, as JSON and as PDF (SPEC 3.2, 3.11)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from dev.harness import eventually


async def told(place, who="student", **params):
    answer = await place.as_(who).get(f"/v1/enrollments/{place.enrollment_id}/statement", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def logged(place, day, minutes, who="student", **more):
    answer = await place.log(place.monday(1) + timedelta(days=day), minutes, who, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def minutes(sums):
    return sums["counted_minutes"], sums["official_minutes"]


def instant():
    return datetime.now(UTC).isoformat()


async def test_what_was_believed_at_each_instant(enroll):
    place = await (await enroll()).coordinated()
    at = [instant()]
    entry = await logged(place, 0, 90)
    for how, body in (
        ("correction", {"minutes": 120}),
        ("verification", {}),
        ("correction", {"minutes": 60, "reason": "x"}),
        ("void", {"reason": "x"}),
    ):
        at.append(instant())
        who = "student" if body == {"minutes": 120} else "coordinator" if how != "void" else "admin"
        assert (await place.revise(who, entry, how, **body)).status_code == 200
    at.append(instant())
    found = [await told(place, as_of=each) for each in at]
    assert [minutes(each["total"]) for each in found] == [(0, 0), (90, 0), (120, 0), (120, 120), (60, 0), (0, 0)]
    assert [[(line["revision"], line["revisions"], line["status"]) for line in each["entries"]] for each in found] == [
        [], [(1, 1, "submitted")], [(2, 2, "submitted")], [(3, 3, "verified")], [(4, 4, "submitted")], [(5, 5, "voided")],
    ]  # fmt: skip


async def test_sums_are_by_week_and_category_and_tell_hours_too(enroll):
    place = await (await enroll()).coordinated()
    theory = await logged(place, 0, 50, category="theory")
    await logged(place, 1, 100)
    await logged(place, -7, 30)
    assert (await place.revise("coordinator", theory, "verification")).status_code == 200
    statement = await told(place)
    assert minutes(statement["total"]) == (180, 50)
    assert (statement["total"]["counted_hours"], statement["total"]["official_hours"]) == ("3.00", "0.83")
    assert {name: minutes(sums) for name, sums in statement["total"]["by_category"].items()} == {"theory": (50, 50), "practical": (130, 0)}
    weeks = {
        week["week_start"]: (week["week_end"], minutes(week), minutes(week["by_category"]["practical"])) for week in statement["weeks"]
    }
    one, two = place.monday(2), place.monday(1)
    assert weeks == {
        one.isoformat(): ((one + timedelta(days=6)).isoformat(), (30, 0), (30, 0)),
        two.isoformat(): ((two + timedelta(days=6)).isoformat(), (150, 50), (100, 0)),
    }
    assert [line["minutes"] for line in statement["entries"]] == [30, 50, 100]
    about = {"enrollment_id": place.enrollment_id, "student_id": place.student_id, "program_id": place.program_id}
    assert {name: statement[name] for name in about} == {name: str(value) for name, value in about.items()}


async def test_caps_and_acceptances_are_those_of_then_and_unverified_hours_take_none_of_the_official_cap(enroll):
    place = await (await enroll(rules={"daily_cap_minutes": 480})).coordinated()
    await logged(place, 0, 400)
    second = await logged(place, 0, 300)
    assert (await place.revise("coordinator", second, "verification")).status_code == 200
    before = await told(place)
    lines = [(line["counted_minutes"], line["official_minutes"], line["flags"]) for line in before["entries"]]
    assert lines == [(400, 0, []), (80, 300, ["over_cap"])]
    assert (await place.revise("coordinator", second, "acceptance")).status_code == 200
    assert [minutes((await told(place))["total"]), minutes((await told(place, as_of=before["as_of"]))["total"])] == [(700, 300), (480, 300)]


async def test_a_program_may_report_submitted_hours_too(enroll):
    place = await enroll(rules={"reports_verified_only": False})
    await logged(place, 0, 60)
    assert minutes((await told(place))["total"]) == (60, 60)


async def test_double_credit_and_rejected_hours_are_told(enroll):
    place = await enroll()
    mine = await logged(place, 0, 60)
    await logged(place, 0, 60, "partner", source="partner")
    assert [line["flags"] for line in (await told(place))["entries"]] == [["possible_double_credit"]] * 2
    assert (await place.revise("admin", mine, "rejection", reason="x")).status_code == 200
    statement = await told(place)
    assert {(line["status"], line["counted_minutes"], tuple(line["flags"])) for line in statement["entries"]} == {
        ("rejected", 0, ()),
        ("submitted", 60, ()),
    }


async def test_a_date_is_the_end_of_that_day_in_the_programs_zone(enroll):
    place = await enroll(1, zone="Pacific/Kiritimati")
    today = (datetime.now(UTC) + timedelta(hours=14)).date()
    await logged(place, 0, 60)
    assert minutes((await told(place, as_of=today.isoformat()))["total"]) == (60, 0)
    assert minutes((await told(place, as_of=(today - timedelta(days=1)).isoformat()))["total"]) == (0, 0)
    for ahead in ((today + timedelta(days=1)).isoformat(), "9999-12-31", (datetime.now(UTC) + timedelta(minutes=5)).isoformat()):
        answer = await place.as_("student").get(f"/v1/enrollments/{place.enrollment_id}/statement", params={"as_of": ahead})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/as-of-in-future")
    for wrong in ("yesterday", "2026-01-01T00:00:00", "2026-13-01"):
        answer = await place.as_("student").get(f"/v1/enrollments/{place.enrollment_id}/statement", params={"as_of": wrong})
        assert answer.json()["type"] == "/problems/malformed-request", wrong


async def test_hours_of_milady_are_official_and_restated(enroll):
    place = await enroll()
    lms = place.lms(place.monday(1), 100)
    await place.send("milady-sync", lms)
    await eventually(lambda: place.service.sql("select 1 from hour_entry where log_id = $1", lms.log_id))
    before = instant()
    await place.send("milady-sync", lms.model_copy(update={"revision": 2, "minutes": 40}))
    await eventually(lambda: place.service.sql("select 1 from hour_entry where log_id = $1 and revision = 2", lms.log_id))
    assert [minutes((await told(place, **params))["total"]) for params in ({}, {"as_of": before})] == [(40, 40), (100, 100)]


async def test_the_same_as_pdf(compliance, enroll):
    place = await enroll(rules={"name": 'Barber *bold* #panic("no") <b> $x$ \\ @home'})
    for day in range(3):
        await logged(place, day, 60)
    as_of = (await told(place))["as_of"]
    address, asked = f"/v1/enrollments/{place.enrollment_id}/statement", {"params": {"as_of": as_of}}
    by_name = await place.as_("student").get(f"{address}.pdf", **asked)
    by_type = await place.as_("student").get(address, headers={"Accept": "application/pdf"}, **asked)
    for answer in (by_name, by_type):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
        assert answer.content.startswith(b"%PDF-")
        assert "attachment" in answer.headers["content-disposition"]
    assert by_name.content == by_type.content, "the same statement, byte for byte"
    await place.as_("partner").get(f"{address}.pdf")
    assert await compliance.disclosures(place.student_id) == [("getStatementPdf", str(place.partner_id))]


async def test_whose_statement_one_sees(compliance, enroll):
    place, other = await enroll(), await enroll()
    for who in ("student", "partner"):
        for path in ("statement", "statement.pdf"):
            answer = await other.as_(who).get(f"/v1/enrollments/{place.enrollment_id}/{path}")
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/enrollment-not-known")
    assert minutes((await told(place, "admin"))["total"]) == (0, 0)
    reader = compliance.client("client", uuid4(), scope="hours:read")
    assert (await reader.get(f"/v1/enrollments/{place.enrollment_id}/statement")).status_code == 200


@pytest.mark.parametrize("as_of", ["2026-02-01", "0073-04-12", "0001-01-01", "0001-01-01T00:00:00+14:00"])
async def test_every_instant_and_date_there_is_can_be_asked_of_both(compliance, enroll, as_of):
    place = await enroll()
    address = f"/v1/enrollments/{place.enrollment_id}/statement"
    for path in (address, f"{address}.pdf"):
        answer = await place.as_("student").get(path, params={"as_of": as_of})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["statement", "statement.pdf"])
async def test_a_program_that_is_not_known_yet_has_no_zone_to_tell_dates_in(enroll, path):
    place = await enroll(arrive=False)
    await place.send("onboarding", place.created())
    await eventually(lambda: place.service.sql("select 1 from enrollment where enrollment_id = $1", place.enrollment_id))
    answer = await place.as_("student").get(f"/v1/enrollments/{place.enrollment_id}/{path}")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/program-not-known")
