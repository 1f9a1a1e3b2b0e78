"""Publishing programs (SPEC 3.8)."""

from uuid import UUID, uuid4

import pytest
from contracts.onboarding import ProgramPublished
from dev.harness import events_of


async def test_a_program_holder_publishes_and_the_others_hear_of_it(partner, person, kafka):
    holder, reader = await partner(), await person()
    answer = await holder.publish_program()
    program = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/programs/{program['id']}"
    assert (program["partner_id"], program["time_zone"], program["inactivity_days_threshold"]) == (str(holder.id), "America/New_York", 7)
    assert (program["theory_hours"], program["practical_hours"], program["required_hours_per_week"]) == ("144.00", "2000.00", "10.00")
    assert [(course["code"], course["title"], course["minutes"]) for course in program["courses"]] == [
        ("rise-wellbeing-safety", "Client Well-Being & Safety", 210),
        ("rise-finance-fundamentals", "Finance Fundamentals", 240),
    ]
    assert (await reader.http.get(f"/v1/programs/{program['id']}")).json() == program
    [event] = await events_of(kafka, ProgramPublished, where=lambda e: e.program_id == UUID(program["id"]))
    assert (event.revision, event.partner_id, event.required_minutes_per_week) == (1, holder.id, 600)
    assert [skill.quota for skill in event.skills] == [200, 100]
    assert [course.minutes for course in event.courses] == [210, 240]


async def test_a_program_says_how_its_hours_count(partner, kafka):
    holder = await partner()
    usual = (await holder.publish_program()).json()
    rules = {"daily_cap_minutes": 480, "weekly_cap_minutes": 2400, "submitted_hours_count": False, "reports_verified_only": False}
    strict = (await holder.publish_program(**rules)).json()
    assert {name: usual[name] for name in rules} == dict(zip(rules, (None, None, True, True), strict=True))
    assert {name: strict[name] for name in rules} == rules
    [event] = await events_of(kafka, ProgramPublished, where=lambda e: e.program_id == UUID(strict["id"]))
    assert event.model_dump(include=set(rules)) == rules


async def test_the_list_can_be_of_one_holder_and_comes_in_pages(partner, person):
    holder, reader = await partner(), await person()
    made = [(await holder.publish_program(name=f"Program {n}")).json()["id"] for n in range(3)]
    first = (await reader.http.get("/v1/programs", params={"partner_id": str(holder.id), "limit": 2})).json()
    after = {"partner_id": str(holder.id), "cursor": first["next_cursor"]}
    second = (await reader.http.get("/v1/programs", params=after)).json()
    assert [row["id"] for row in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None


async def test_who_is_no_active_program_holder_publishes_nothing(partner, person, admin):
    student, worksite, holder, other = await person(), await partner("worksite"), await partner(), await partner()
    assert (await student.publish_program()).status_code == 403
    assert (await worksite.publish_program()).status_code == 403
    suspended = await person()
    await suspended.apply()
    suspended.as_kind("partner", "program_holder")
    answer = await suspended.publish_program()
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/partner-not-active")
    foreign = await holder.publish_program(partner_id=str(other.id))
    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/program-of-another")


async def test_an_administrator_publishes_for_an_active_program_holder(partner, person, admin):
    holder, worksite = await partner(), await partner("worksite")
    assert (await admin.publish_program(partner_id=str(holder.id))).json()["partner_id"] == str(holder.id)
    for partner_id, status, problem in (
        (None, 422, "partner-id-needed"),
        (str(uuid4()), 404, "partner-not-found"),
        (str(worksite.id), 409, "partner-not-active"),
    ):
        answer = await admin.publish_program(partner_id=partner_id)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\u0000b"},
        {"time_zone": "EST5EDT4"},
        {"theory_minutes": -1},
        {"required_minutes_per_week": 10081},
        {"inactivity_days_threshold": 0},
        {"daily_cap_minutes": 0},
        {"daily_cap_minutes": 1441},
        {"weekly_cap_minutes": 10081},
        {"skills": [{"code": "fade", "title": "Fade", "quota": 0}]},
        {"skills": [{"code": "fade", "title": "Fade"}, {"code": "fade", "title": "Fade again"}]},
        {"courses": [{"code": "A b", "title": "T", "minutes": 1}]},
    ],
)
async def test_what_makes_no_program_is_refused(person, wrong):
    holder = await person("Marcus Reed", "partner", "program_holder")
    answer = await holder.publish_program(**wrong)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/malformed-request")


async def test_an_unknown_program_is_not_found(person):
    answer = await (await person()).http.get(f"/v1/programs/{uuid4()}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/program-not-found")
