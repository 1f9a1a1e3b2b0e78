"""What a partner reads of a student's records is in the disclosure log, and the student is shown it (SPEC 3.10)."""

NO_RECORDS = set[str]()
"""Operations whose answers hold no education records of others, or are for administrators alone."""


async def test_every_reading_by_a_partner_is_noted_and_no_other(service, apprentice, student, holder, logged):
    entry = await logged()
    enrollment = f"/v1/enrollments/{apprentice.enrollment_id}"
    reads = {
        "listEntries": "/v1/entries",
        "getEntry": f"/v1/entries/{entry['id']}",
        "getPhoto": f"/v1/entries/{entry['id']}/photos/after",
        "listSkills": f"/v1/programs/{apprentice.program_id}/skills?enrollment_id={apprentice.enrollment_id}",
        "getCompetency": f"{enrollment}/competency",
    }
    assert await service.reads() == reads.keys() | NO_RECORDS
    for reader in (student, holder, service.client("admin", None, "admin")):
        for name, address in reads.items():
            assert (await reader.get(address)).status_code == 200, name
    assert await service.disclosures(apprentice.student_id) == [(name, str(apprentice.partner_id)) for name in reads]
