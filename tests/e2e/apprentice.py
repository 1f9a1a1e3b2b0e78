"""An apprentice with records of every kind in every service."""

from dataclasses import dataclass
from uuid import uuid4

from dev.demo import acts
from dev.demo.photos import photo
from dev.demo.stage import Person, Stage, eventually

from . import agreement, looking, people

CAP = 20 * 60
COURSE = "rise-wellbeing-safety"


@dataclass(frozen=True)
class Apprentice:
    """The student, the program's holder, and the ids of what there is of them, by the names that the APIs give them."""

    student: Person
    holder: Person
    ids: dict[str, str]

    @property
    def enrollment(self) -> str:
        return self.ids["enrollment_id"]


async def apprentice(stage: Stage, zone: str) -> Apprentice:
    """Enrolled six weeks ago; with an alert, Milady time, hours (some voided, verified, rejected), leave, a service that waits, mail."""
    holder, student = await people.program_holder(stage), await people.somebody(stage, "Student")
    program = await people.program(holder, zone, daily_cap_minutes=CAP)
    enrollment = await people.enroll(holder, program, student, people.weeks_ago(6))
    await people.until_known(student, enrollment)
    await eventually("both courses in Milady", lambda: acts.milady_courses(stage, student))
    await looking.settled(stage.stack)
    ids = {"student_id": student.id, "enrollment_id": enrollment, "program_id": program, "kind": "after"}
    made = Apprentice(student, holder, ids)
    await _at_work(stage, made, zone)
    await _papers(stage, made)
    await looking.settled(stage.stack)
    return made


async def _at_work(stage: Stage, made: Apprentice, zone: str) -> None:
    """Hours, an alert, theory, and a service on the chair."""
    admin, week = await people.administrator(stage), people.weeks_ago(5)
    await acts.log_hours(made.student, made.enrollment, week.isoformat(), 30)
    (mistaken,) = await agreement.every(made.student, "compliance", "/v1/hours")
    await made.student.ask("POST", "compliance", f"/v1/hours/{mistaken['log_id']}/void", json={"reason": "mistaken"})
    await _decided(admin, made, week.isoformat())
    await made.holder.ask("PUT", "compliance", f"/v1/requirements/{made.enrollment}", json={"inactivity_days_threshold": 10})
    away = {"enrollment_id": made.enrollment, "first_on": people.weeks_ago(2).isoformat(), "last_on": people.weeks_ago(2).isoformat()}
    leave = await made.holder.ask("POST", "compliance", "/v1/leaves", 201, json=away)
    alert = await people.alerted(stage, made.holder, made.student, made.enrollment, zone, week)
    studied = {"course": COURSE, "hours": "0.50", "on": week.isoformat(), "activity": "video"}
    (await stage.sandbox.post("/control/study", json={"student_email": made.student.email, **studied})).raise_for_status()
    await acts.sync(stage, made.enrollment)
    await eventually("the lms hours in the ledger", lambda: acts.hours(made.student, made.enrollment, "lms", 1))
    await acts.log_service(made.student, made.enrollment, "haircut", 1, photo(1))
    (entry,) = await agreement.every(made.student, "skills", "/v1/entries")
    hours = await agreement.every(made.student, "compliance", "/v1/hours")
    (logged,) = [one for one in hours if (one["source"], one["status"]) == ("manual", "submitted")]
    sync, *_ = await agreement.every(admin, "milady-sync", "/v1/syncs")
    scan, *_ = await agreement.every(admin, "compliance", "/v1/scans")
    made.ids.update(
        alert_id=alert, entry_id=entry["id"], log_id=logged["log_id"], sync_id=sync["id"], scan_id=scan["id"], leave_id=leave["id"]
    )


async def _decided(admin: Person, made: Apprentice, on: str) -> None:
    """Two entries more, one of them verified and one rejected."""
    for minutes, decision, body in ((15, "verification", {}), (20, "rejection", {"reason": "twice"})):
        await acts.log_hours(made.student, made.enrollment, on, minutes)
        (entry,) = [one for one in await agreement.every(admin, "compliance", "/v1/hours", enrollment_id=made.enrollment)
                    if one["status"] == "submitted"]  # fmt: skip
        headers = {"If-Match": "*", "Idempotency-Key": str(uuid4())}
        path = f"/api/compliance/v1/hours/{entry['log_id']}/{decision}"
        (await admin.http.post(path, json=body, headers=headers)).raise_for_status()


async def _papers(stage: Stage, made: Apprentice) -> None:
    """The assignment, and what the holder signed."""
    (assignment,) = await agreement.every(made.holder, "onboarding", "/v1/assignments", student_id=made.student.id)
    packet = await made.holder.ask("GET", "onboarding", "/v1/packets/current")
    signed = await looking.rows(stage.stack, "onboarding", "select signature_id from signature where user_id = $1", made.holder.id)
    made.ids.update(assignment_id=assignment["id"], document_id=packet["documents"][0]["id"], signature_id=str(signed[0]["signature_id"]))
