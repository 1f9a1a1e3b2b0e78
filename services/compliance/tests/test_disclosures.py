"""What a partner reads of a student's records is in the disclosure log, and the student is shown it (SPEC 3.10)."""

from datetime import timedelta

NO_RECORDS = {"listScans", "getScan", "getImport"}
"""Operations whose answers hold no education records of others, or are for administrators alone,
or tell somebody of a file that they sent."""

NOT_STUDENTS = {"listRates", "getWeeklyDashboardCsv", "getWeeklyDashboardXlsx"}


async def test_every_reading_by_a_partner_is_noted_and_no_other(compliance, enroll):
    place = await enroll(2, zone="own")
    entry = (await place.log(place.monday(1), 60)).json()
    await place.scan("midweek", place.monday(1) + timedelta(days=2))
    [alert] = await place.alerts()
    away = {"enrollment_id": str(place.enrollment_id), "first_on": "2100-01-01"}
    leave = (await place.as_("admin").post("/v1/leaves", json=away)).json()
    reads = {
        "listHours": "/v1/hours",
        "getHours": f"/v1/hours/{entry['log_id']}",
        "getStatement": f"/v1/enrollments/{place.enrollment_id}/statement",
        "getStatementPdf": f"/v1/enrollments/{place.enrollment_id}/statement.pdf",
        "listWeeks": f"/v1/enrollments/{place.enrollment_id}/weeks",
        "listAlerts": "/v1/alerts",
        "getAlert": f"/v1/alerts/{alert['id']}",
        "getRequirement": f"/v1/requirements/{place.enrollment_id}",
        "listLeaves": "/v1/leaves",
        "getLeave": f"/v1/leaves/{leave['id']}",
        "listWeeklyDashboard": "/v1/weekly-dashboard",
        "getWeeklyDashboardCsv": "/v1/weekly-dashboard.csv",
        "getWeeklyDashboardXlsx": "/v1/weekly-dashboard.xlsx",
        "getForecast": f"/v1/enrollments/{place.enrollment_id}/forecast",
        "listRates": f"/v1/programs/{place.program_id}/rates",
    }
    assert await compliance.reads() == reads.keys() | NO_RECORDS
    for who in ("student", "partner", "admin"):
        for name, address in reads.items():
            expected = 403 if who == "student" and name in NOT_STUDENTS else 200
            assert (await place.as_(who).get(address)).status_code == expected, name
    assert await compliance.disclosures(place.student_id) == [(name, str(place.partner_id)) for name in reads]
