"""`/account/disclosures`: students learn from every service who was shown their records, and by name (34 CFR 99.32)."""

from uuid import uuid4

SERVICES = ("compliance", "skills", "milady-sync", "onboarding", "portal")
WHAT = "GET {} /v1/disclosures"
UNKNOWN = "A partner whose name is not known any more"


def read(by, operation):
    told = {"at": "2026-11-02T15:00:00Z", "request_id": None, "trace_id": None, "student_ids": None}
    return told | {"id": 7, "reader_id": str(by), "operation": operation}


def all_tell(neighbours, browser, items):
    for service in SERVICES:
        neighbours.play(browser.token, WHAT.format(service), 200, {"items": items, "next_cursor": None})


async def test_every_service_is_asked_and_readers_are_named(browse, neighbours, story, told):
    await told("select 1 from person where user_id = $1", story.holder)
    browser = browse("student", story.student)
    all_tell(neighbours, browser, [])
    assert (await browser.page("/account/disclosures")).count("Nobody was shown any of it.") == len(SERVICES)
    items = [read(story.holder, "listHours"), read(uuid4(), "<b>getAlert</b>")]
    neighbours.play(browser.token, WHAT.format("compliance"), 200, {"items": items, "next_cursor": "older/=="})
    neighbours.refuse(browser.token, WHAT.format("skills"), 503, "away", "Skills rests just now.")
    shown = await browser.page("/account/disclosures")
    for part in ("Marcus Reed", UNKNOWN, "&lt;b&gt;getAlert&lt;/b&gt;", "Skills rests just now.", 'href="/account/disclosures/compliance"'):
        assert part in shown
    assert shown.count("Nobody was shown any of it.") == len(SERVICES) - 2


async def test_names_are_told_of_those_alone_to_whom_one_is_or_was_assigned(browse, neighbours, story, told):
    own, other = browse("student", story.student), browse("student", uuid4())
    for browser in (own, other):
        all_tell(neighbours, browser, [read(story.holder, "listHours")])
    await told("select 1 from person where user_id = $1", story.holder)
    assert "Marcus Reed" in await own.page("/account/disclosures")
    assigned = story.assigned()
    await story.tell(type(assigned)(**assigned.model_dump() | {"revision": 2, "active": False}))
    await told("select 1 from access_grant where grant_id = $1 and not active", story.assignment)
    assert "Marcus Reed" in await own.page("/account/disclosures")
    shown = await other.page("/account/disclosures")
    assert (UNKNOWN in shown, "Marcus Reed" in shown) == (True, False)


async def test_older_ones_come_page_by_page(browse, neighbours):
    browser, what = browse("student", uuid4()), WHAT.format("compliance")
    neighbours.play(browser.token, what, 200, {"items": [read(uuid4(), "listHours")], "next_cursor": "older/=="})
    assert 'href="/account/disclosures/compliance?cursor=older/%3D%3D"' in await browser.page("/account/disclosures/compliance")
    await browser.page("/account/disclosures/compliance?cursor=older/%3D%3D")
    assert [call["query"] for call in neighbours.heard(browser.token, what)] == ["limit=50", "limit=50&cursor=older%2F%3D%3D"]
    assert (await browser.http.get("/account/disclosures/payroll")).status_code == 404
