"""The read model as JSON."""

from uuid import uuid4

from contracts.audit import AuditRecorded
from dev.harness import send


async def test_progress_of_the_specification_exact_and_rounded(portal, kafka, story, told):
    logged = [
        story.service(skill, status="approved") for skill, times in (("haircut", 45), ("fade", 23), ("shave", 8)) for _ in range(times)
    ]
    await send(kafka, "skills", *logged, story.service("haircut"))
    await story.tell(story.progressed("well", 45), story.progressed("finance", 45))
    await told("select 1 from skill_entry where student_id = $1 having count(*) = 77", story.student)
    await told("select 1 from course_progress where student_id = $1 having count(*) = 2", story.student)
    body = (await portal.client("student", story.student).get(f"/v1/students/{story.student}/progress")).json()
    assert {name: body[name]["rounded"] for name in ("practical", "theory", "overall")} == {"practical": 22, "theory": 45, "overall": 33}
    assert body["practical"]["exact"].startswith("21.71428571428571428571428571")
    assert body["theory"]["exact"] == "45"
    assert [(skill["code"], skill["approved"], skill["pending"], skill["percent"]["rounded"]) for skill in body["skills"]] == [
        ("haircut", 45, 1, 22), ("fade", 23, 0, 23), ("shave", 8, 0, 16), ("beard_trim", 0, 0, 0),
    ]  # fmt: skip
    assert [course["percent"]["exact"] for course in body["courses"]] == ["45", "45"]
    assert body["enrollment_ids"] == [str(story.enrollment)]
    page = await portal.client("student", story.student).get("/student")
    assert page.status_code == 303, "pages take the cookie alone"


async def test_a_student_without_enrollment_is_not_found(portal):
    me = uuid4()
    answer = await portal.client("student", me).get(f"/v1/students/{me}/progress")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/student-not-found")


async def test_alerts_by_status_and_page_by_page(portal, kafka, story, told):
    alerts = [story.alert() for _ in range(3)]
    await send(kafka, "compliance", *alerts, story.alert(2, alerts[0].alert_id, resolved=True))
    await told("select 1 from alert where student_id = $1 and status = 'resolved'", story.student)
    await told("select 1 from alert where student_id = $1 having count(*) = 3", story.student)
    me = portal.client("partner", story.holder)
    first = (await me.get("/v1/alerts", params={"status": "open", "limit": 1, "enrollment_id": str(story.enrollment)})).json()
    more = (await me.get("/v1/alerts", params={"status": "open", "limit": 1, "cursor": first["next_cursor"]})).json()
    assert {first["items"][0]["id"], more["items"][0]["id"]} == {str(alert.alert_id) for alert in alerts[1:]}
    assert more["next_cursor"] is None
    assert first["items"][0]["explanation"]["counted"][0]["minutes"] == 300
    assert (await me.get("/v1/alerts", params={"cursor": "x"})).status_code == 422
    assert (await me.get("/v1/alerts", params={"enrollment_id": str(uuid4())})).json()["items"] == []


async def test_audit_entries_for_admins_with_names(portal, kafka, story, told):
    service = f"test-{uuid4().hex[:8]}"
    entries = [
        AuditRecorded(
            revision=position, position=position, service=service, entry_id=position, hash="0" * 64, actor=str(story.holder),
            actor_kind="partner",
            action="enrollment.create", object_type="enrollment", object_id=str(story.enrollment), at=story.alert().raised_at,
            trace_id=None,
        )
        for position in (1, 2)
    ]  # fmt: skip
    await send(kafka, service, *entries)
    await told("select 1 from audit_log where service = $1 having count(*) = 2", service)
    admin = portal.client("admin", uuid4(), "admin")
    listed = [row for row in (await admin.get("/v1/audit-entries", params={"limit": 500})).json()["items"] if row["service"] == service]
    assert [(row["position"], row["actor_name"]) for row in listed] == [(2, "Marcus Reed"), (1, "Marcus Reed")]
    answer = await portal.client("partner", story.holder, "program_holder").get("/v1/audit-entries")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/role-required")
