"""Hours in bulk: every row is checked, the good ones or none are kept, and every bad one comes back with its line (SPEC 3.2)."""

import asyncio
import csv
import io
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from contracts.hours import HoursLogged
from dev.harness import events_of, eventually

COLUMNS = ("enrollment_id", "work_date", "minutes", "category", "source", "notes", "external_key")


def row(place, day=0, minutes=60, **more):
    told = {"enrollment_id": str(place.enrollment_id), "work_date": (place.monday(1) + timedelta(days=day)).isoformat()}
    return told | {"minutes": minutes, "category": "practical"} | more


def as_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


async def send(place, rows, who="partner", mode="partial", key=None, form="csv"):
    headers = {"Idempotency-Key": key} if key else {}
    how = {"json": {"rows": rows}} if form == "json" else {"content": rows if isinstance(rows, str | bytes) else as_csv(rows)}
    if form == "csv":
        headers["Content-Type"] = "text/csv; charset=utf-8"
    return await place.as_(who).post("/v1/hours/imports", params={"mode": mode}, headers=headers, **how)


async def over(place, answer, who="partner", **params):
    assert answer.status_code == 202, answer.text
    address = f"/v1/hours/imports/{answer.json()['id']}"
    assert answer.headers["location"] == address

    async def finished():
        told = (await place.as_(who).get(address, params=params)).json()
        return told["state"] in ("done", "refused", "failed") and told

    return await eventually(finished)


def bad(told):
    return [(problem["line"], problem["type"].removeprefix("/problems/")) for problem in told["problems"]["items"]]


def counts(told):
    return {name: told[name] for name in ("state", "total", "made", "repeated", "refused")}


async def minutes(place, who="student"):
    items = (await place.as_(who).get("/v1/hours", params={"limit": 500, "enrollment_id": str(place.enrollment_id)})).json()["items"]
    return sorted(entry["minutes"] for entry in items)


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_good_rows_are_kept_and_bad_ones_come_back_with_line_and_reason(compliance, enroll, kafka, form):
    place, stranger = await enroll(), await enroll()
    rows = [
        row(place, 0, 60, notes="Fades, lineups\nand a \"shave\"", external_key="a"),
        row(place, 0, 1400),
        row(place, 1, 0),
        row(stranger, 1, 60),
        row(place, 1, "many"),
        row(place, 30, 60),
        row(place, 1, 60, source="manual"),
        row(place, 1, 90, external_key="b"),
        row(place, 1, 90, external_key="b"),
    ]  # fmt: skip
    told = await over(place, await send(place, rows, form=form))
    assert counts(told) == {"state": "done", "total": 9, "made": 2, "repeated": 1, "refused": 6}
    first = 2 if form == "csv" else 1
    lines = [first, *range(first + 2, first + 10)] if form == "csv" else list(range(1, 10))
    kinds = ("day-is-full", "hours-not-positive", "enrollment-not-known", "malformed-request", "date-in-future", "source-not-allowed")
    assert bad(told) == list(zip(lines[1:7], kinds, strict=True)), "also behind a cell with a line break in it"
    assert all(problem["detail"].endswith(".") for problem in told["problems"]["items"])
    assert "minutes" in told["problems"]["items"][3]["detail"]
    entries = (await place.as_("student").get("/v1/hours")).json()["items"]
    assert {(entry["minutes"], entry["source"], entry["logged_by"]) for entry in entries} == {
        (60, "partner", str(place.partner_id)),
        (90, "partner", str(place.partner_id)),
    }
    assert {entry["notes"] for entry in entries} == {None, 'Fades, lineups\nand a "shave"'}
    assert (await place.week(place.monday(1)))["logged_minutes"] == 150
    events = await events_of(kafka, HoursLogged, where=lambda e: e.enrollment_id == place.enrollment_id, count=2)
    assert {(event.minutes, event.external_key) for event in events} == {(60, "a"), (90, "b")}
    for entry in entries:
        assert [action for action, _, _ in await compliance.trail(entry["log_id"])] == ["hours.submit"]
    assert await compliance.sql("select 1 from hour_import_row where import_id = $1", told["id"]) == []


@pytest.mark.parametrize(("spoil", "state"), [(None, "done"), ({"minutes": 0}, "refused"), ({"minutes": 1400}, "refused")])
async def test_atomic_keeps_all_or_none(enroll, spoil, state):
    place = await enroll()
    rows = [row(place, day, 60 + day) for day in range(5)] + ([row(place, 0, **spoil)] if spoil else [])
    told = await over(place, await send(place, rows, mode="atomic"))
    assert (told["state"], told["refused"], told["made"]) == (state, int(spoil is not None), 0 if spoil else 5)
    assert await minutes(place) == ([] if spoil else [60, 61, 62, 63, 64])
    assert told["finished_at"]


async def test_what_only_the_locks_show_refuses_an_atomic_import_whole(enroll):
    """Each chunk is checked without a lock and without the others; that a day overflows over both is seen when they are written."""
    place = await enroll()
    rows = [row(place, 0, 1)] * 499 + [row(place, 1, 1000), row(place, 1, 441)]
    told = await over(place, await send(place, rows, mode="atomic"))
    assert (counts(told), bad(told)) == (
        {"state": "refused", "total": 501, "made": 0, "repeated": 0, "refused": 1},
        [(502, "day-is-full")],
    )
    assert await minutes(place) == []


async def test_the_same_file_again_makes_nothing_twice(enroll):
    place = await enroll()
    rows = [row(place, day, 60, external_key=f"k{day}") for day in range(3)]
    first = await over(place, await send(place, rows))
    again = await over(place, await send(place, rows))
    assert (first["made"], again["made"], again["repeated"]) == (3, 0, 3)
    key = str(uuid4())
    unnamed = [row(place, 4, 30)]
    one = await over(place, await send(place, unnamed, key=key))
    two = await over(place, await send(place, unnamed, key=key))
    assert one["id"] == two["id"]
    other = await send(place, [row(place, 5, 30)], key=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert await minutes(place) == [30, 60, 60, 60]


async def test_two_importers_with_the_same_keys_make_one_of_each(compliance, enroll):
    place = await (await enroll()).coordinated()
    other = [uuid4() for _ in range(2)]
    place.clients |= {f"clock {n}": compliance.client("client", each, scope="hours:write") for n, each in enumerate(other)}
    rows = [row(place, day % 5, 2, external_key=f"k{day}") for day in range(200)]
    held = await asyncpg.connect(compliance.database.admin_url)
    try:
        async with held.transaction():
            await held.execute("select from student_ledger where student_id = $1 for update", place.student_id)
            answers = await asyncio.gather(*(send(place, rows, f"clock {n}") for n in range(2)))
            waits = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            await eventually(lambda: compliance.sql(waits))
            single = asyncio.ensure_future(place.log(place.monday(1), 2, "partner", source="partner", external_key="k0"))
            await eventually(lambda: compliance.sql(waits + " offset 1"))
        told = [await over(place, answer, f"clock {n}") for n, answer in enumerate(answers)]
    finally:
        await held.close()
    assert (await single).status_code == 201
    assert sum(each["made"] for each in told) + sum(each["repeated"] for each in told) == 400
    assert await minutes(place) == [2] * 200


async def test_an_import_that_waited_for_a_students_ledger_decides_on_the_day_as_it_is_then(compliance, enroll):
    place = await enroll()
    waits = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' offset $1"
    held = await asyncpg.connect(compliance.database.admin_url)
    try:
        async with held.transaction():
            await held.execute("select from student_ledger where student_id = $1 for update", place.student_id)
            single = asyncio.ensure_future(place.log(place.monday(1), 800))
            await eventually(lambda: compliance.sql(waits, 0))
            answer = await send(place, [row(place, 0, 800)])
            await eventually(lambda: compliance.sql(waits, 1))
    finally:
        await held.close()
    assert (await single).status_code == 201
    assert bad(await over(place, answer)) == [(2, "day-is-full")]
    assert await minutes(place) == [800]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "columns-wrong"),
        (b"enrollment_id,work_date,minutes\n", "columns-wrong"),
        (b"enrollment_id,work_date,minutes,category,salary\n", "columns-wrong"),
        (b"enrollment_id,work_date,minutes,category,minutes\n", "columns-wrong"),
        (b"enrollment_id,work_date,minutes,category\n", "import-empty"),
        (b"enrollment_id,work_date,minutes,category\n\xff\xfe,,,\n", "file-not-readable"),
        (b'enrollment_id,work_date,minutes,category\n"a"b,,,\n', "file-not-readable"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_at_once(enroll, content, problem):
    answer = await send(await enroll(), content)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}"), answer.text


ROW = b'{"rows": [{"enrollment_id": 5}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"rows": 5}',
        b'{"rows": []}',
        b'{"rows": [5]}',
        b"[" * 100_000,
        ROW,
        ROW + b", 5]}",
        ROW + b"]} trailing",
        ROW + b'], "a": \xff}',
        ROW + b', {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}]}",
    ],
)
async def test_json_that_holds_no_rows_is_refused(enroll, content):
    place = await enroll()
    answer = await place.as_("partner").post("/v1/hours/imports", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/file-not-readable")


async def test_json_may_be_as_long_as_csv(enroll):
    place = await enroll()
    rows = [row(place, 1, 0, notes="x" * 200) for _ in range(5_000)]
    told = await over(place, await send(place, rows, form="json"))
    assert counts(told) == {"state": "done", "total": 5_000, "made": 0, "repeated": 0, "refused": 5_000}


async def test_rows_may_hold_anything_and_spoil_nothing(enroll):
    place = await enroll()
    odd = [
        row(place, 1, 10, notes="a\x00b"), row(place, 1, 10, salary=5), {"enrollment_id": []}, {}, row(place, 1, 10**40),
        row(place, 1, 10, category="x"), row(place, 1, 7),
    ]  # fmt: skip
    told = await over(place, await send(place, odd, form="json"))
    assert counts(told) == {"state": "done", "total": 7, "made": 1, "repeated": 0, "refused": 6}
    assert {kind for _, kind in bad(told)} == {"malformed-request", "day-is-full"}
    wide = f"enrollment_id,work_date,minutes,category\n{place.enrollment_id},{place.monday(1)},5,practical,beyond\n\n"
    assert bad(await over(place, await send(place, wide))) == [(2, "malformed-request")]
    bom = f"\ufeffEnrollment_ID, work_date ,minutes,category\r\n{place.enrollment_id},{place.monday(1)},5,theory\r\n"
    assert counts(await over(place, await send(place, bom)))["made"] == 1


async def test_each_role_imports_hours_of_its_own_source_and_nobody_sees_anothers_import(enroll):
    place, other = await (await enroll()).coordinated(), await enroll()
    for who, source in (("partner", "partner"), ("coordinator", "coordinator"), ("student", "manual")):
        answer = await send(place, [row(place, 0, 5)], who)
        told = await over(place, answer, who)
        assert counts(told)["made"] == 1, told
        items = (await place.as_("student").get("/v1/hours", params={"source": source})).json()["items"]
        assert len(items) == 1
        unseen = await other.as_("partner").get(f"/v1/hours/imports/{told['id']}")
        assert (unseen.status_code, unseen.json()["type"]) == (404, "/problems/import-not-known")
    assert (await send(place, [row(place)], "admin")).json()["type"] == "/problems/role-required"


async def test_bad_rows_come_in_pages(enroll):
    place = await enroll()
    told = await over(place, await send(place, [row(place, 0, 0)] * 5), limit=2)
    seen, cursor = bad(told), told["problems"]["next_cursor"]
    while cursor:
        address = f"/v1/hours/imports/{told['id']}"
        page = (await place.as_("partner").get(address, params={"limit": 2, "cursor": cursor})).json()
        seen, cursor = seen + bad(page), page["problems"]["next_cursor"]
    assert [line for line, _ in seen] == [2, 3, 4, 5, 6]


async def test_a_crash_in_the_middle_goes_on_without_a_second_entry(enroll):
    """A process that dies between chunks, and in the middle of one, leaves what it has committed; the next goes on from there."""
    place = await enroll()
    rows = [row(place, day % 7, 1) for day in range(1700)]
    held = await asyncpg.connect(place.service.database.admin_url)
    try:
        async with held.transaction():
            await held.execute("select from student_ledger where student_id = $1 for update", place.student_id)
            answer = await send(place, rows)
            waits = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            await eventually(lambda: place.service.sql(waits))
            place.service.kill()
        await place.service.start()

        async def begun():
            return (await place.as_("partner").get(f"/v1/hours/imports/{answer.json()['id']}")).json()["done"]

        await eventually(begun)
        place.service.kill()
        await place.service.start()
    finally:
        await held.close()
    told = await over(place, answer)
    assert counts(told) == {"state": "done", "total": 1700, "made": 1700, "repeated": 0, "refused": 0}
    found = await place.service.sql("select count(*), sum(minutes) from hour_entry where enrollment_id = $1", place.enrollment_id)
    assert tuple(found[0]) == (1700, 1700)
    total = await place.service.sql("select sum(minutes) from weekly_total where enrollment_id = $1", place.enrollment_id)
    assert total[0][0] == 1700


@pytest.mark.parametrize("mode", ["partial", "atomic"])
async def test_caps_alerts_and_double_credit_follow_as_with_single_entries(enroll, mode):
    place = await enroll(2, zone="own", rules={"daily_cap_minutes": 480})
    await place.scan("midweek", place.monday(1) + timedelta(days=2))
    await place.log(place.monday(1), 60)
    await over(place, await send(place, [row(place, 0, 500), row(place, 1, 400)], mode=mode))
    assert [alert["status"] for alert in await place.alerts()] == ["resolved"]
    entries = (await place.as_("student").get("/v1/hours", params={"flag": "possible_double_credit"})).json()["items"]
    assert sorted((entry["minutes"], entry["counted_minutes"]) for entry in entries) == [(60, 60), (500, 420)]
