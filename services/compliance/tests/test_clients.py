"""Machine clients: an integrator's time clock submits hours and reads them, each by its scope (SPEC 3.10)."""

import json
from uuid import uuid4


def hours(place, **other):
    told = {"enrollment_id": str(place.enrollment_id), "work_date": place.monday(1).isoformat(), "minutes": 60, "category": "practical"}
    return told | {"source": "partner", "external_key": "clock-1"} | other


async def test_a_client_submits_hours_once_in_its_own_name(compliance, enroll):
    place, client_id = await enroll(), uuid4()
    client = compliance.client("client", client_id, scope="hours:write")
    first, again = [await client.post("/v1/hours", json=hours(place)) for _ in range(2)]
    assert first.status_code == 201, first.text
    assert again.json()["log_id"] == first.json()["log_id"]
    (noted,) = await compliance.sql("select actor, actor_kind, after from audit_entry where object_id = $1", first.json()["log_id"])
    assert (noted["actor"], noted["actor_kind"], json.loads(noted["after"])["source"]) == (str(client_id), "client", "partner")


async def test_without_the_scope_nothing_is_read_or_written(compliance, enroll):
    place = await enroll()
    logged = (await place.log(place.monday(1), source="manual")).json()["log_id"]
    reads, writes = (compliance.client("client", uuid4(), scope=scope) for scope in ("hours:read", "hours:write"))
    for path in ("/v1/hours", f"/v1/hours/{logged}", f"/v1/enrollments/{place.enrollment_id}/weeks"):
        assert (await reads.get(path)).status_code == 200
        assert (await writes.get(path)).json()["type"] == "/problems/scope-required"
    assert (await reads.post("/v1/hours", json=hours(place))).json()["type"] == "/problems/scope-required"


async def test_what_has_no_scope_is_closed_to_every_client(compliance, enroll):
    place = await enroll()
    logged = (await place.log(place.monday(1), source="manual")).json()["log_id"]
    client = compliance.client("client", uuid4(), "admin", scope="hours:read hours:write audit:read")
    asked = [
        await client.post(f"/v1/hours/{logged}/void", json={"reason": "by a machine"}),
        await client.get("/v1/alerts"),
        await client.get("/v1/scans"),
    ]
    assert {(answer.status_code, answer.json()["type"]) for answer in asked} == {(403, "/problems/scope-required")}


async def test_a_client_submits_hours_of_partners_alone_and_an_administrator_none(compliance, enroll):
    place = await enroll()
    client = compliance.client("client", uuid4(), scope="hours:write")
    for source in ("manual", "mobile", "lms", "coordinator"):
        assert (await client.post("/v1/hours", json=hours(place, source=source))).status_code in (403, 422), source
    assert (await place.as_("admin").post("/v1/hours", json=hours(place))).json()["type"] == "/problems/role-required"
