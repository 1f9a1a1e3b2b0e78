"""What a partner reads of a student's records is in the disclosure log, and the student is shown it (SPEC 3.10)."""

NO_RECORDS = {"listAudit"}
"""Operations whose answers hold no education records of others, or are for administrators alone."""


async def test_every_reading_by_a_partner_is_noted_and_no_other(portal, browse, story, told):
    service, alert = story.service(), story.alert()
    await story.tell(service, alert)
    await told("select 1 from skill_entry where entry_id = $1", service.entry_id)
    await told("select 1 from alert where alert_id = $1", alert.alert_id)
    reads = {"getProgress": f"/v1/students/{story.student}/progress", "listAlerts": "/v1/alerts"}
    assert await portal.reads() == reads.keys() | NO_RECORDS
    pages = {"/program-holder": ("",), "/program-holder/parts/{name}": ("students", "holder_alerts", "approvals")}
    api = portal.client("partner", story.holder, "program_holder")
    for reader in (portal.client("student", story.student), api, portal.client("admin", None, "admin")):
        for name, address in reads.items():
            assert (await reader.get(address)).status_code == 200, name
    holder, student = browse("partner", story.holder, "program_holder"), browse("student", story.student)
    await student.page("/student")
    expected = list(reads)
    for name, parts in pages.items():
        for part in parts:
            await holder.page(name.replace("{name}", part))
            expected.append(name)
    await holder.http.get(f"/services/{service.entry_id}")
    assert await portal.disclosures(story.student) == [(name, str(story.holder)) for name in [*expected, "/services/{entry_id}"]]
