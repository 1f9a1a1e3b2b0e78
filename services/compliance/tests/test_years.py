"""Old years of the ledger are detached and attached again: their totals stay, and what would need their hours says so (decision 19)."""

import asyncio
import secrets
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from uuid import uuid4

import pytest
import pytest_asyncio
from compliance.domain.years import YearNotOver, check_old, year_of
from dev.erasing import where
from dev.harness import eventually

from .test_access import Acting
from .test_erasure import applied, person
from .test_partitions import INSERT

YEARS = cycle(range(2018, 2025))
"""One after the other: a year is everybody's."""


class Past:
    """An apprentice with hours on Monday and Tuesday of a week of an old year, and in the last week."""

    def __init__(self, place, year):
        self.place, self.year = place, year
        self.monday = date(year, 11, 28) - timedelta(days=date(year, 11, 28).weekday())
        self.entries = []

    async def begin(self):
        for day in (0, 1):
            answer = await self.place.log(self.monday + timedelta(days=day), 120, notes=f"words of {self.year}")
            assert answer.status_code == 201, answer.text
            self.entries.append(answer.json())
        assert (await self.place.log(self.place.monday(1), 60)).status_code == 201
        return self

    async def get(self, path, who="student", **params):
        answer = await self.place.as_(who).get(f"/v1/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def of_enrollment(self, what, **params):
        return await self.get(f"enrollments/{self.place.enrollment_id}/{what}", **params)

    async def shown(self):
        """Everything that is made of totals."""
        rates = await self.get(f"programs/{self.place.program_id}/rates", "admin", limit=500)
        dashboard = await self.get("weekly-dashboard", "partner", week_start=self.monday.isoformat())
        return await self.of_enrollment("weeks", limit=500), await self.of_enrollment("forecast"), rates, dashboard

    async def week(self):
        found = (await self.of_enrollment("weeks", limit=500))["items"]
        return next(each["logged_minutes"] for each in found if each["week_start"] == self.monday.isoformat())

    def command(self, *words):
        done = self.place.service.run("ledger", *words, str(self.year))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest_asyncio.fixture(loop_scope="session")
async def past(enroll):
    year = next(YEARS)
    made = await Past(await (await enroll(started_on=date(year, 1, 8), zone="own")).coordinated(), year).begin()
    yield made
    await made.place.service.sql("select attach_ledger_year(year) from detached_year where year = $1", year)
    await made.place.service.sql("update weekly_total set days = null where days is not null")


async def test_what_is_made_of_totals_stays_and_statements_say_what_they_lack(past):
    before, whole = await past.shown(), await past.of_enrollment("statement")
    assert whole["detached_years"] == []
    assert (len(whole["entries"]), await past.week()) == (3, 240)
    rate = next(each for each in before[2]["items"] if each["week_start"] == past.monday.isoformat())
    assert rate["attendance_percent"] == 40
    assert past.command("detach") == f"{past.year} is detached"
    assert past.command("detach") == f"{past.year} is detached already"
    assert await past.shown() == before
    told, listed = await past.of_enrollment("statement"), await past.get("hours")
    assert (len(told["entries"]), told["total"]["counted_minutes"], told["detached_years"]) == (1, 60, [past.year])
    assert (len(listed["items"]), listed["detached_years"]) == (1, [past.year])
    assert (await past.get("hours", **{"from": f"{past.year + 1}-06-01"}))["detached_years"] == []
    assert (await past.of_enrollment("statement", as_of=f"{past.year - 1}-06-01"))["detached_years"] == []
    printed = await past.place.as_("student").get(f"/v1/enrollments/{past.place.enrollment_id}/statement.pdf")
    assert printed.content.startswith(b"%PDF")
    assert past.command("attach") == f"{past.year} is attached, and its weeks are counted anew"
    assert await past.shown() == before
    assert (await past.of_enrollment("statement"))["entries"] == whole["entries"]
    trail = [action for action, _, _ in await past.place.service.trail(past.year)]
    assert trail == ["ledger.detach", "ledger.attach"]


async def test_no_recount_takes_the_totals_and_attaching_makes_up_for_it(past):
    place, old = past.place, past.place.lms(past.monday + timedelta(days=2), 30)
    await place.send("milady-sync", old)
    await eventually(lambda: place.service.sql("select 1 from hour_entry where log_id = $1", old.log_id))
    assert await past.week() == 270
    past.command("detach")
    [again] = await place.send("milady-sync", old)
    await applied(place.service, again)
    await place.send("onboarding", place.created(revision=2, cohort_id=uuid4()), place.program(revision=2, daily_cap_minutes=100))
    capped = "select 1 from program where program_id = $1 and daily_cap_minutes = 100"
    await eventually(lambda: place.service.sql(capped, place.program_id))
    leave = {"enrollment_id": str(place.enrollment_id), "first_on": past.monday.isoformat(), "last_on": past.monday.isoformat()}
    assert (await place.as_("admin").post("/v1/leaves", json=leave)).status_code == 201
    await place.send("milady-sync", place.lms(place.monday(1), 5))
    await eventually(lambda: place.service.sql("select 1 from hour_entry where student_id = $1 and minutes = 5", place.student_id))
    assert await past.week() == 270
    past.command("attach")
    assert await past.week() == 230
    assert await place.service.sql("select 1 from hour_revision where log_id = $1 offset 1", old.log_id) == []


async def test_nobody_is_accused_of_a_week_whose_hours_are_away(past):
    place = past.place
    for day, minutes in ((0, 80), (4, 10)):
        assert (await place.log(past.monday + timedelta(days=day), minutes)).status_code == 201
    assert (await place.scan("midweek", past.monday + timedelta(days=2))).status_code == 201
    assert await place.alerts() == []
    past.command("detach")
    leave = {"enrollment_id": str(place.enrollment_id), "first_on": str(past.monday + timedelta(days=6))}
    leave["last_on"] = leave["first_on"]
    assert (await place.as_("admin").post("/v1/leaves", json=leave)).status_code == 201

    async def looked_again():
        return await place.service.sql("select 1 where not exists (select from recheck where enrollment_id = $1)", place.enrollment_id)

    await eventually(looked_again)
    assert await place.alerts() == []


async def test_nothing_of_a_detached_year_changes(past):
    place, entry, about = past.place, past.entries[0], {"reason": "x"}
    keyed = await place.log(past.monday + timedelta(days=3), 10, external_key="k")
    moved = (await place.log(place.monday(1) + timedelta(days=1), 30)).json()
    past.command("detach")
    again = await place.log(place.monday(1), 10, external_key="k")
    into = {"work_date": (past.monday + timedelta(days=4)).isoformat()}
    address = f"/v1/hours/{entry['log_id']}"
    refused = [again, await place.log(past.monday, 5), await place.as_("student").get(address)]
    refused += [await place.revise("coordinator", entry, how) for how in ("verification", "acceptance")]
    refused.append(await place.revise("coordinator", entry, "correction", minutes=5, **about))
    refused += [await place.revise("student", entry, "void", **about), await place.revise("student", moved, "correction", **into)]
    refused += [await place.scan("weekly", past.monday + timedelta(days=6)), await place.scan("close", past.monday + timedelta(days=7))]
    for answer in refused:
        assert (answer.status_code, answer.json()["type"], answer.json().get("year")) == (409, "/problems/year-detached", past.year)
    stranger = place.service.client("student", uuid4())
    assert (await stranger.get(address)).status_code == 404
    row = {"enrollment_id": str(place.enrollment_id), "category": "theory", "minutes": 5}
    rows = [row | {"work_date": day.isoformat()} for day in (past.monday, place.monday(1))]
    sent = await place.as_("student").post("/v1/hours/imports", json={"rows": rows})

    async def worked_off():
        found = (await place.as_("student").get(f"/v1/hours/imports/{sent.json()['id']}")).json()
        return found if found["state"] == "done" else None

    done = await eventually(worked_off)
    assert (done["made"], [each["type"] for each in done["problems"]["items"]]) == (1, ["/problems/year-detached"])
    past.command("attach")
    assert (await place.log(place.monday(1), 10, external_key="k")).json()["log_id"] == keyed.json()["log_id"]


async def test_an_older_revision_does_not_come_back(past):
    place = past.place
    entry = (await place.log(place.monday(1) + timedelta(days=1), 30)).json()
    before = datetime.now(UTC).isoformat()
    back = {"work_date": past.monday.isoformat(), "minutes": 40}
    assert (await place.revise("student", entry, "correction", **back)).status_code == 200
    totals = await past.shown()
    past.command("detach")
    assert entry["log_id"] not in [each["log_id"] for each in (await past.get("hours"))["items"]]
    assert entry["log_id"] not in [line["log_id"] for line in (await past.of_enrollment("statement"))["entries"]]
    then = (await past.of_enrollment("statement", as_of=before))["entries"]
    assert [line["revisions"] for line in then if line["log_id"] == entry["log_id"]] == [1]
    assert (await place.log(place.monday(1) + timedelta(days=2), 5)).status_code == 201
    weeks = await past.shown()
    assert [week["logged_minutes"] for week in weeks[0]["items"] if week["week_start"] == place.monday(1).isoformat()] == [65]
    assert weeks[3] == totals[3]


async def test_a_year_with_the_primary_key_of_earlier_versions_comes_back(past):
    """Such as one that was dumped, or detached, before migration 0016."""
    sql, part = past.place.service.sql, f"hour_entry_{past.year}"
    before = await past.shown()
    past.command("detach")
    await sql(f"alter table {part} drop constraint {part}_pkey")
    await sql(f"alter table {part} add primary key (log_id, revision, work_date)")
    past.command("attach")
    assert await past.shown() == before
    keys = "select pg_get_constraintdef(oid) as key from pg_constraint where conrelid = $1::text::regclass and contype = 'p'"
    assert [row["key"] for row in await sql(keys, part)] == ["PRIMARY KEY (work_date, log_id, revision)"]


async def test_export_and_erasure_reach_it(past, kafka):
    place, compliance, mark = past.place, past.place.service, secrets.token_hex(8)
    assert (await place.log(past.monday + timedelta(days=5), 10, notes=f"with {mark}")).status_code == 201
    past.command("detach")
    given = (await place.as_("student").get(f"/v1/people/{place.student_id}/records")).json()["tables"]
    assert sorted(row["notes"] for row in given["hour_entry_detached"]) == [f"with {mark}", *2 * [f"words of {past.year}"]]
    assert await where(compliance.sql, mark) == ["hour_entry_detached"]
    [erased] = await place.send("identity", person(place, revision=2, status="erased"))
    await applied(compliance, erased)
    assert await where(compliance.sql, mark) == []
    minutes = await compliance.sql("select minutes from hour_entry_detached where student_id = $1 order by 1", place.student_id)
    assert [row["minutes"] for row in minutes] == [10, 120, 120]


async def test_what_still_waits_to_be_checked_is_not_detached(past):
    sql, place = past.place.service.sql, past.place
    held = "insert into held_check select scan_id, $1, $2 from scan where scan_id = $3"
    scan = (await sql("insert into scan (kind, zone, local_date, as_of) values ('inactivity', 'Zulu', $1, now()) returning scan_id",
                      past.monday))[0]["scan_id"]  # fmt: skip
    await sql(held, place.enrollment_id, place.student_id, scan)
    done = place.service.run("ledger", "detach", str(past.year))
    assert (done.returncode, "about to be checked" in done.stderr) == (1, True)
    await sql("delete from held_check where scan_id = $1", scan)
    past.command("detach")


async def test_a_year_that_is_being_written_waits_and_is_left_as_it_was(past):
    place = past.place
    async with Acting(place.service, "system", None) as connection:
        begun = connection.transaction()
        await begun.start()
        await connection.execute(INSERT, uuid4(), 1, place.enrollment_id, place.student_id, past.monday, None)
        done = await asyncio.to_thread(place.service.run, "ledger", "detach", str(past.year))
        assert (done.returncode, "The ledger is busy" in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr
        await begun.rollback()
    assert (await past.of_enrollment("statement"))["detached_years"] == []


async def test_hours_that_come_while_a_year_is_detached_are_kept_with_its_days(past):
    place = past.place
    waiting = "select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())"
    async with Acting(place.service, "system", None) as connection:
        await connection.execute("select make_ledger_years()")
        begun = connection.transaction()
        await begun.start()
        await connection.execute(INSERT, uuid4(), 1, place.enrollment_id, place.student_id, past.monday + timedelta(days=3), None)
        detaching = asyncio.create_task(asyncio.to_thread(past.command, "detach"))
        await eventually(lambda: place.service.sql(waiting), within=60)
        await begun.commit()
    await detaching
    kept = await place.service.sql("select days from weekly_total where enrollment_id = $1 and days is not null", place.enrollment_id)
    assert [row["days"] for row in kept] == [[1, 2, 4]]


def test_a_year_that_may_still_change_is_not_detached(compliance):
    for year, words in ((year_of(datetime.now(UTC).date()) - 1, "may still change"), (2003, "no table hour_entry_2003")):
        done = compliance.run("ledger", "detach", str(year))
        assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr
    with pytest.raises(YearNotOver):
        check_old(2024, date(2026, 1, 4) - timedelta(days=7))
    check_old(2024, date(2026, 1, 4))
