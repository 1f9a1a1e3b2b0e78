"""The steps of the story, in order (issue: the walking skeleton; SPEC 3)."""

import asyncio
import hashlib
from datetime import date
from typing import Any

from dev.demo import acts
from dev.demo.pages import open_browser
from dev.demo.photos import photo
from dev.demo.stage import Person, Stage, Step, check, eventually
from dev.demo.weeks import FIRST, SECOND, ZONE, day
from dev.stack import SERVICES, secrets_of

SKILLS = [
    {"code": "haircut", "title": "Haircuts", "quota": 200},
    {"code": "fade", "title": "Fades", "quota": 100},
    {"code": "shave", "title": "Shaves", "quota": 50},
    {"code": "beard_trim", "title": "Beard trims"},
]
LOGGED = {"haircut": 45, "fade": 23, "shave": 8}
STUDENTS = ("Jordan Lee", "Riley Chen", "Sam Rivera")
"""Who is on track, who is behind, and who is silent."""
COURSES = {"rise-wellbeing-safety": "1.58", "rise-finance-fundamentals": "1.80"}


async def partner_signs_up(stage: Stage) -> None:
    """A partner signs up, applies as Program Holder and signs; the admin approves"""
    admin = await stage.person("Admin", "admin@chairside.example", secrets_of(stage.stack).get("admin_password"))
    await admin.sign_in()
    stage.say("the admin signs in")
    dana = await acts.sign_up(stage, "Dana Brooks", "partner")
    packages = await dana.ask("GET", "onboarding", "/v1/role-packages")
    check(len(packages.get("items", packages)) == 3, f"there should be three role packages: {packages}")
    await dana.ask("POST", "onboarding", "/v1/partners", 201, json={"role": "program_holder"})
    stage.say("Dana Brooks signs up and applies as Program Holder")
    packet = await dana.ask("GET", "onboarding", "/v1/packets/current?role=program_holder")
    for listed in (one for one in packet["documents"] if one["requires_signature"]):
        document = await dana.ask("GET", "onboarding", f"/v1/documents/{listed['id']}")
        shown = hashlib.sha256(document["content"].encode()).hexdigest()
        check(shown == document["content_hash"], "the document's hash is not that of the bytes shown")
        signing = {"document_hash": shown, "typed_name": dana.name, "intent": True, "electronic_records_consent": True}
        await dana.ask("POST", "onboarding", f"/v1/documents/{listed['id']}/signatures", 201, json=signing)
        stage.say(f"Dana signs '{document['title']}', SHA-256 {shown[:16]}...")
    await admin.ask("POST", "onboarding", f"/v1/partners/{dana.id}/approval", (200, 201), json={})
    stage.say("the admin approves; identity grants the role when it hears partner.activated")
    await eventually("the role of program holder", lambda: acts.has_role(dana, "program_holder"))


async def program_and_enrollment(stage: Stage) -> None:
    """The partner publishes the barber program and enrolls three students"""
    dana = stage.people["Dana Brooks"]
    program = await dana.ask(
        "POST", "onboarding", "/v1/programs", 201,
        json={"name": "Barber Apprenticeship", "time_zone": ZONE, "theory_minutes": 450, "practical_minutes": 120000,
              "required_minutes_per_week": 600, "skills": SKILLS},
    )  # fmt: skip
    stage.facts["program"] = program["id"]
    for name in STUDENTS:
        student = await acts.sign_up(stage, name, "student")
        enrolling = {"program_id": program["id"], "student_id": student.id, "started_on": FIRST.isoformat()}

        async def enroll(enrolling: dict[str, Any] = enrolling) -> Any:
            return await dana.ask("POST", "onboarding", "/v1/enrollments", (201, 404, 409), json=enrolling)

        enrollment = await eventually(f"the enrollment of {name}", lambda: acts.made(enroll))
        stage.facts[name] = enrollment["id"]
        stage.say(f"{name} is enrolled from {FIRST:%A %d %B}")


async def milady_provisions(stage: Stage) -> None:
    """Milady accounts and courses are made; the welcome goes out"""
    for name in STUDENTS:
        student = stage.people[name]
        state = await eventually(f"the Milady account of {name}", lambda s=student: acts.milady_courses(stage, s))  # type: ignore[misc]
        stage.say(f"Milady has {name} in {len(state)} courses")
        sent = await eventually(f"the welcome to {name}", lambda s=student: acts.notified(s, "welcome"))  # type: ignore[misc]
        letter = stage.stack.home / "outbox" / f"{sent[0]['id']}.eml"
        check(letter.exists() and student.email in letter.read_text(), f"{letter} is not the welcome to {student.email}")
        stage.say(f"the welcome lies in {letter.name}")


async def student_studies(stage: Stage) -> None:
    """The student studies on Milady; a sync brings progress and hours"""
    jordan, enrollment = stage.people["Jordan Lee"], stage.facts["Jordan Lee"]
    await stage.sandbox.put("/control/clock", json={"now": f"{day(FIRST, 'thu')}T18:00:00Z"})
    for (course, hours), weekday in zip(COURSES.items(), ("tue", "thu"), strict=True):
        studied = {
            "student_email": jordan.email,
            "course": course,
            "hours": hours,
            "on": day(FIRST, weekday),
            "activity": "video",
            "progress": 45,
        }
        answer = await stage.sandbox.post("/control/study", json=studied)
        check(answer.is_success, f"the sandbox did not take the study: {answer.text}")
        stage.say(f"Jordan studies {hours} h of {course}, 45 % done")
    await acts.sync(stage, enrollment)
    ledger = await eventually("the lms hours in the ledger", lambda: acts.hours(jordan, enrollment, "lms", 2))
    stage.say(f"the ledger holds {sum(entry['minutes'] for entry in ledger)} minutes from Milady, verified by nature")
    for weekday in ("mon", "wed", "fri"):
        await acts.log_hours(jordan, enrollment, day(FIRST, weekday), 150)
    stage.say("Jordan logs 7.5 hours on the chair: the first week is met")
    riley = stage.people["Riley Chen"]
    for week, weekday, minutes in ((FIRST, "tue", 300), (FIRST, "thu", 300), (SECOND, "mon", 240)):
        await acts.log_hours(riley, stage.facts["Riley Chen"], day(week, weekday), minutes)
    stage.say("Riley logs 10 hours in the first week and 4 in the second; Sam logs none")


async def midweek(stage: Stage) -> None:
    """Second week: 5 hours by Wednesday raise an alert, 5 more resolve it, Sunday finds nothing"""
    jordan, dana, admin = stage.people["Jordan Lee"], stage.people["Dana Brooks"], stage.people["Admin"]
    enrollment = stage.facts["Jordan Lee"]
    browser = await open_browser(stage, dana)
    await acts.log_hours(jordan, enrollment, day(SECOND, "mon"), 180)
    await acts.log_hours(jordan, enrollment, day(SECOND, "tue"), 120)
    await acts.scan(admin, "midweek", day(SECOND, "wed"))
    (alert,) = await acts.alerts(dana, enrollment, "open", SECOND)
    check((alert["alert_type"], alert["severity"]) == ("midweek_progress", "low"), f"not the alert that was expected: {alert}")
    stage.say(f'Wednesday 19:30 in New York: {alert["severity"]}, "{alert["message"]}"')
    await eventually("the alert on the open page", lambda: acts.shown(browser, alert["id"], True))
    stage.say("Dana's open page shows it, without a reload")
    await eventually("one digest to Dana", lambda: acts.notified(dana, "alerts-digest"))
    await acts.log_hours(jordan, enrollment, day(SECOND, "thu"), 300)
    check(await acts.alerts(dana, enrollment, "open", SECOND) == [], "the alert is still open after the hours that reach the target")
    stage.say("5 more hours: resolved in the same transaction")
    await eventually("the alert vanishing from the page", lambda: acts.shown(browser, alert["id"], False))
    stage.say("and it vanishes from Dana's page")
    await acts.scan(admin, "weekly", day(SECOND, "sun"))
    check(await acts.alerts(dana, enrollment, "open", SECOND) == [], "Sunday raised an alert for a student on track")
    stage.say("Sunday's check raises nothing for Jordan")


async def three_students(stage: Stage) -> None:
    """Three students' weeks: on track, behind and silent, each with what explains it"""
    dana, admin = stage.people["Dana Brooks"], stage.people["Admin"]
    await acts.scan(admin, "weekly", day(FIRST, "sun"))
    found = {name: {week: await _weekly_alert(dana, stage.facts[name], week) for week in (FIRST, SECOND)} for name in STUDENTS}
    severities = {name: [alert and alert["severity"] for alert in weeks.values()] for name, weeks in found.items()}
    expected = {"Jordan Lee": [None, None], "Riley Chen": [None, "low"], "Sam Rivera": ["medium", "high"]}
    check(severities == expected, f"not the alerts that were expected: {severities}")
    for name, weeks in found.items():
        for week, alert in weeks.items():
            stage.say(f"{name}, week of {week}: {await _explained(dana, alert) if alert else 'on track, no alert'}")


async def _weekly_alert(dana: Person, enrollment: str, week: date) -> Any:
    found = [alert for alert in await acts.alerts(dana, enrollment, "open", week) if alert["alert_type"] == "weekly_hours_check"]
    check(len(found) <= 1, f"several alerts of one kind and week: {found}")
    return found[0] if found else None


async def _explained(dana: Person, alert: Any) -> str:
    told = (await dana.ask("GET", "compliance", f"/v1/alerts/{alert['id']}"))["explanation"]
    numbers = f"{told['logged_minutes']} of {told['target_minutes']} minutes, {told['idle_days']} idle days"
    return f"{alert['severity']} ({told['rule']}: {numbers}, {len(told['counted'])} ledger rows)"


async def services_on_the_chair(stage: Stage) -> None:
    """The student logs services with photos; the program holder approves"""
    jordan, dana, enrollment = stage.people["Jordan Lee"], stage.people["Dana Brooks"], stage.facts["Jordan Lee"]
    gate = asyncio.Semaphore(6)

    async def one(number: int, skill: str) -> None:
        async with gate:
            await acts.log_service(jordan, enrollment, skill, number, photo(number))

    todo = [skill for skill, times in LOGGED.items() for _ in range(times)]
    await asyncio.gather(*(one(number, skill) for number, skill in enumerate(todo)))
    stage.say(f"Jordan logs {len(todo)} services, each with a photo")
    answer = await dana.ask("POST", "skills", "/v1/approvals", (200, 201), json={"enrollment_id": enrollment})
    check(len(answer["approved"]) == len(todo) and not answer["skipped"], f"not all were approved: {answer}")
    stage.say("Dana approves all of them, each on its own")


async def pages(stage: Stage) -> None:
    """The portal shows it all, from events alone"""
    jordan, dana = stage.people["Jordan Lee"], stage.people["Dana Brooks"]
    wanted = {"practical": "22", "theory": "45", "overall": "33"}

    async def shown() -> Any:
        found = await jordan.ask("GET", "portal", f"/v1/students/{jordan.id}/progress", (200, 404))
        return acts.rounded(found) == wanted and found

    await eventually("22 %, 45 % and 33 % in the portal", shown)
    window = await open_browser(stage, jordan)
    student_page = await window.page("/student")
    for percent in ("22", "45", "33"):
        check(f"{percent} %" in student_page or f"{percent}%" in student_page, f"the student's page does not show {percent} %")
    stage.say("the student's page: practical 22 %, theory 45 %, together 33 %")
    holder_page = await (await open_browser(stage, dana)).page("/program-holder")
    check(all(name in holder_page for name in STUDENTS), "the program holder's page does not show all three students")
    stage.say("the program holder's page shows all three students, with Riley's alert and Sam's")
    chains = [await acts.verify_audit(stage, service) for service in SERVICES]
    stage.say(f"every audit chain verifies, entries: {', '.join(chains)}")


STEPS: tuple[Step, ...] = (
    partner_signs_up, program_and_enrollment, milady_provisions, student_studies,
    midweek, three_students, services_on_the_chair, pages,
)  # fmt: skip
