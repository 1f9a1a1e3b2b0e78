"""The weekly dashboard as CSV and XLSX."""

import csv
import io
import tracemalloc
import zipfile
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import UUID
from xml.etree import ElementTree

import pytest
from compliance.sheets import COLUMNS, CsvSheet, XlsxSheet
from contracts.examples import example
from dev.harness import eventually

NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_xlsx(content):
    """The rows of the first sheet: texts, and numbers as numbers."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iter(f"{NAMESPACE}row"):
        cells = {}
        for cell in row.iter(f"{NAMESPACE}c"):
            text, number = cell.find(f"{NAMESPACE}is/{NAMESPACE}t"), cell.find(f"{NAMESPACE}v")
            cells[cell.get("r").rstrip("0123456789")] = text.text if text is not None else float(number.text)
        rows.append(cells)
    return rows


async def named(place, name):
    person = example("user.changed", "student").model_copy(
        update={"user_id": place.student_id, "name": name, "email": f"{place.student_id}@example.com"}
    )
    await place.send("identity", person)
    await eventually(lambda: place.service.sql("select 1 from person where user_id = $1", place.student_id))


async def export(place, kind, who="admin", **params):
    answer = await place.as_(who).get(f"/v1/weekly-dashboard.{kind}", params={"program_id": str(place.program_id)} | params)
    assert answer.status_code == 200, answer.text
    assert f'.{kind}"' in answer.headers["content-disposition"]
    return answer


async def test_both_hold_what_the_dashboard_shows_in_its_order(enroll):
    place = await enroll(zone="own")
    week = place.monday(1)
    other = await place.beside()
    await named(place, '=HYPERLINK("http://example.com")')
    assert (await place.log(week, 145)).status_code == 201
    shown = (
        await place.as_("admin").get("/v1/weekly-dashboard", params={"program_id": str(place.program_id), "week_start": week.isoformat()})
    ).json()
    table = list(csv.reader(io.StringIO((await export(place, "csv", week_start=week.isoformat())).content.decode("utf-8-sig"))))
    assert tuple(table[0]) == COLUMNS
    assert (
        [row[-2] for row in table[1:]] == [each["student_id"] for each in shown["items"]] == [str(other.student_id), str(place.student_id)]
    )
    assert table[2] == [
        '\'=HYPERLINK("http://example.com")', f"{place.student_id}@example.com", "Barber", "10.00", "10.00", "2.42", "7.58", "Behind", "",
        week.isoformat(), "6", week.isoformat(), (week + timedelta(days=6)).isoformat(), str(place.student_id), str(place.enrollment_id),
    ]  # fmt: skip
    assert table[1][:3] == ["", "", "Barber"]
    head, silent, behind = read_xlsx((await export(place, "xlsx", week_start=week.isoformat())).content)
    assert tuple(head.values()) == COLUMNS
    assert (behind["A"], behind["F"], behind["H"]) == ('=HYPERLINK("http://example.com")', pytest.approx(145 / 60), "Behind")
    assert date(1899, 12, 30) + timedelta(days=behind["L"]) == week
    assert (silent["H"], "A" in silent) == ("No Activity", False)
    behind_alone = await export(place, "csv", week_start=week.isoformat(), status="behind")
    assert behind_alone.text.count("\n") == 2


async def test_one_exports_whom_one_sees_and_it_is_noted(enroll):
    place = await enroll(zone="own")
    other = await place.beside()
    for kind in ("csv", "xlsx"):
        assert str(other.student_id).encode() in (await export(place, "csv")).content
        given = (await export(place, kind, "partner")).content
        if kind == "csv":
            assert str(place.student_id) in given.decode()
            assert str(other.student_id) not in given.decode()
        else:
            assert [row["N"] for row in read_xlsx(given)[1:]] == [str(place.student_id)]
    noted = [each["operation"] for each in (await place.as_("student").get("/v1/disclosures")).json()["items"]]
    assert sorted(noted) == ["getWeeklyDashboardCsv", "getWeeklyDashboardXlsx"]
    assert (await other.as_("student").get("/v1/disclosures")).json()["items"] == []
    assert (await place.as_("student").get("/v1/weekly-dashboard.csv")).status_code == 403


@pytest.mark.parametrize("kind", [CsvSheet, XlsxSheet])
def test_memory_does_not_grow_with_rows(tmp_path, kind):
    row = SimpleNamespace(
        name="Ada", email="ada@example.com", program_name="Barber", required=600, target=600, logged=5, missing=595, standing="behind",
        rank=1, active_on=date(2026, 11, 17), days_since=3, week_start=date(2026, 11, 16),
        student_id=UUID(int=1), enrollment_id=UUID(int=2),
    )  # fmt: skip
    sheet, peaks = kind(tmp_path / "sheet"), []
    tracemalloc.start()
    try:
        for _ in range(2):
            tracemalloc.reset_peak()
            for _ in range(3):
                sheet.add([row] * 1000)
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    sheet.close()
    assert peaks[1] < peaks[0] + 200_000
