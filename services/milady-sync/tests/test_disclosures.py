"""What a partner reads of a student's records is in the disclosure log, and the student is shown it (SPEC 3.10)."""

from uuid import UUID

from dev.harness import eventually

NO_RECORDS = {"listSyncs"}
"""Operations whose answers hold no education records of others, or are for administrators alone."""


async def test_every_reading_by_a_partner_is_noted_and_no_other(service, apprentice, admin):
    holder, student = service.client("partner", apprentice.partner_id, "program_holder"), service.client("student", apprentice.student_id)
    started = await holder.post("/v1/syncs", json={"scope": "enrollment", "id": str(apprentice.enrollment_id)})
    run = UUID(started.json()["id"])
    await eventually(lambda: service.sql("select true from sync where sync_id = $1 and state = 'finished'", run))
    await service.sql("update sync_item set state = 'failed', reason = 'away' where sync_id = $1", run)
    enrollment = f"/v1/enrollments/{apprentice.enrollment_id}"
    reads = {
        "listProvisionings": "/v1/provisionings",
        "getSync": started.headers["location"],
        "getProgress": f"{enrollment}/progress",
        "listTime": f"{enrollment}/time",
    }
    assert await service.reads() == reads.keys() | NO_RECORDS
    for reader in (student, holder, admin):
        for name, address in reads.items():
            assert (await reader.get(address)).status_code == 200 or (reader, name) == (student, "getSync"), name
    assert await service.disclosures(apprentice.student_id) == [(name, str(apprentice.partner_id)) for name in reads]
