"""What the owners of an enrollment's records answer, and what the portal made of their events, in one and the same shape."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from dev.demo.stage import Person, Stage

from . import looking

PORTAL = {
    "hours": "select log_id, revision, work_date::text, minutes, source, status from hour_entry where enrollment_id = $1",
    "weeks": "select week_start::text, minutes from week_total where enrollment_id = $1 and minutes > 0",
    "alerts": "select alert_id, revision, alert_type, severity, week_start::text, status, resolution from alert where enrollment_id = $1",
    "services": "select entry_id, revision, skill_code, status, supervisor_rating from skill_entry where enrollment_id = $1",
    "courses": "select course_code, percent, minutes_spent, minutes_required from course_progress where enrollment_id = $1",
    "enrollment": "select status, started_on::text, ended_on::text from enrollment where enrollment_id = $1",
    "milady": "select status from milady_provisioning where enrollment_id = $1",
}
Told = dict[str, list[tuple[str, ...]]]


async def every(person: Person, service: str, path: str, **query: str) -> list[dict[str, Any]]:
    """All items of a list, page after page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await person.ask("GET", service, path, params={**query, **cursor, "limit": "500"})
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = {"cursor": page["next_cursor"]}


def _shape(items: list[dict[str, Any]], *names: str) -> list[tuple[str, ...]]:
    return sorted(tuple(_text(item[name]) for name in names) for item in items)


def _text(value: Any) -> str:
    try:
        return f"{Decimal(value).normalize():f}"
    except (ArithmeticError, TypeError, ValueError):
        return str(value)


async def owners(admin: Person, enrollment_id: str) -> Told:
    """What the services that own the records answer to the administrator, through the gateway."""
    of = {"enrollment_id": enrollment_id}
    courses = (await admin.ask("GET", "milady-sync", f"/v1/enrollments/{enrollment_id}/progress"))["courses"]
    weeks = await every(admin, "compliance", f"/v1/enrollments/{enrollment_id}/weeks")
    return {
        "hours": _shape(
            await every(admin, "compliance", "/v1/hours", **of), "log_id", "revision", "work_date", "minutes", "source", "status"
        ),
        "weeks": _shape([week for week in weeks if week["logged_minutes"]], "week_start", "logged_minutes"),
        "alerts": _shape(
            await every(admin, "compliance", "/v1/alerts", **of),
            "id", "revision", "alert_type", "severity", "week_start", "status", "resolution",
        ),
        "services": _shape(
            [entry for entry in await every(admin, "skills", "/v1/entries", **of) if entry["status"] != "draft"],
            "id", "revision", "skill_code", "status", "supervisor_rating",
        ),
        "courses": _shape([one for one in courses if one["as_of"]], "code", "percent", "minutes_spent", "minutes_required"),
        "enrollment": _shape(
            [await admin.ask("GET", "onboarding", f"/v1/enrollments/{enrollment_id}")], "status", "started_on", "ended_on"
        ),
        "milady": _shape(
            [one for one in await every(admin, "milady-sync", "/v1/provisionings", **of) if one["state"] in ("provisioned", "failed")],
            "state",
        ),
    }  # fmt: skip


async def portal(stage: Stage, enrollment_id: str) -> Told:
    """What the portal's read model holds."""
    told = {}
    for what, sql in PORTAL.items():
        found = await looking.rows(stage.stack, "portal", sql, UUID(enrollment_id))
        told[what] = _shape(found, *found[0]) if found else []
    return told


async def agree(stage: Stage, admin: Person, enrollment_id: str) -> Told:
    """What both say once nothing is under way. Fails with the difference."""
    said, shown = await owners(admin, enrollment_id), await portal(stage, enrollment_id)
    wrong = {what: (said[what], shown[what]) for what in said if said[what] != shown[what]}
    assert not wrong, f"what the owners say, and what the portal says: {wrong}"
    return said
