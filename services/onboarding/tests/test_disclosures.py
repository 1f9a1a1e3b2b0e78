"""What a partner reads of a student's records is in the disclosure log, and the student is shown it (SPEC 3.10)."""

NO_RECORDS = {
    "listRolePackages", "listPartners", "getOwnPartner", "getPartner", "getCurrentPacket", "getDocument", "getSignature", "listPrograms",
    "getProgram", "getOwnPayrollProfile", "getPayrollProfile", "getPayrollNumbers", "listPayrollProfiles",
}  # fmt: skip
"""Operations whose answers hold no education records of others, or are for administrators alone."""


async def test_every_reading_by_a_partner_is_noted_and_no_other(onboarding, enrolled, admin):
    holder, _, student, enrollment = await enrolled()
    [assignment] = (await student.http.get("/v1/assignments")).json()["items"]
    reads = {
        "listEnrollments": "/v1/enrollments",
        "getEnrollment": f"/v1/enrollments/{enrollment['id']}",
        "listAssignments": "/v1/assignments",
        "getAssignment": f"/v1/assignments/{assignment['id']}",
    }
    assert await onboarding.reads() == reads.keys() | NO_RECORDS
    for reader in (student, holder, admin):
        for name, address in reads.items():
            assert (await reader.http.get(address)).status_code == 200, name
    assert await onboarding.disclosures(student.id) == [(name, str(holder.id)) for name in reads]
