"""A running portal, its neighbours (their events on Kafka, their APIs played over real HTTP), and the people who look at it."""

import itertools
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from contracts.alerts import AlertRaised, AlertResolved
from contracts.hours import HoursLogged
from contracts.milady import CourseProgressed, MiladyProvisioned
from contracts.onboarding import EnrollmentCreated, ProgramPublished, StudentAssigned
from contracts.people import UserChanged
from contracts.requirements import RequirementChanged, WeekClosed
from contracts.skills import SkillApproved, SkillLogged
from dev.harness import eventually, send

from dev import loopback

pytest_plugins = ["dev.testing", "dev.harness"]
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.astimezone(ZoneInfo("America/New_York")).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())


class Neighbours:
    """The other services' APIs: what each person's call is answered with, and every call that came."""

    def __init__(self):
        self.plays, self.calls = {}, []
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                _, _, service, path = self.path.split("?")[0].split("/", 3)
                call = {"what": f"{self.command} {service} /{path}", "token": token, "headers": dict(self.headers), "body": body}
                outer.calls.append(call | {"query": self.path.partition("?")[2]})
                status, answer = outer.answer(call)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "image/jpeg" if isinstance(answer, bytes) else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.template = f"http://127.0.0.1:{self.server.server_port}/api/{{service}}"

    def play(self, token, what, status, answer):
        """Calls of `what` (`POST compliance /v1/hours`) with `token` are answered so; `answer` may be a function of the call."""
        self.plays[token, what] = (status, answer)

    def refuse(self, token, what, status, kind, sentence):
        self.play(token, what, status, {"type": f"/problems/{kind}", "title": kind, "status": status, "detail": sentence})

    def answer(self, call):
        status, answer = self.plays.get(
            (call["token"], call["what"]), (404, {"type": "/problems/not-found", "detail": "There is no such thing."})
        )
        if callable(answer):
            answer = answer(call)
        return answer if isinstance(answer, tuple) else (status, answer)

    def heard(self, token, what):
        return [call for call in self.calls if (call["token"], call["what"]) == (token, what)]


class Browser:
    """One person's browser: cookies, and the headers by which forms are known to come from our own pages."""

    def __init__(self, portal, kind, user_id, *roles, **claims):
        self.id = user_id
        self.token = portal.issuer.token(kind, user_id, *roles, **claims) if kind else ""
        self.http = loopback.client(portal.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=120)
        portal.clients.append(self.http)
        if kind:
            self.keep("chairside_access", self.token)

    def keep(self, name, value):
        """Holds a cookie as the portal would have set it."""
        self.http.cookies.set(name, value, domain="127.0.0.1", path="/")

    async def page(self, path):
        answer = await self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    async def part(self, path):
        return await self.http.get(path, headers={"HX-Request": "true"})


class Story:
    """One program, its holder, and one enrolled student, told by the events of the services that own them."""

    def __init__(self, kafka):
        self.kafka = kafka
        self.student, self.holder, self.program, self.enrollment, self.assignment = (uuid4() for _ in range(5))
        self.name = f"Jordan {uuid4().hex[:6]}"

    def who(self, user_id, name, revision=1, **other):
        told = {"status": "active", "email": f"{user_id.hex}@example.com", "time_zone": "America/New_York", "changed_at": NOW}
        return UserChanged(revision=revision, user_id=user_id, name=name, **told | other)

    def published(self, revision=1, **other):
        told = {
            "partner_id": self.holder, "name": "Barber Apprenticeship", "time_zone": "America/New_York", "theory_minutes": 450,
            "practical_minutes": 120000, "required_minutes_per_week": 600, "inactivity_days_threshold": 7,
            "courses": [{"code": "well", "title": "Client Well-Being & Safety", "minutes": 210},
                        {"code": "finance", "title": "Finance Fundamentals", "minutes": 240}],
            "skills": [{"code": "haircut", "title": "Haircut", "quota": 200}, {"code": "fade", "title": "Fade", "quota": 100},
                       {"code": "shave", "title": "Shave", "quota": 50}, {"code": "beard_trim", "title": "Beard trim"}],
        }  # fmt: skip
        return ProgramPublished(revision=revision, program_id=self.program, **told | other)

    @property
    def _place(self):
        return {"enrollment_id": self.enrollment, "student_id": self.student}

    def created(self):
        return EnrollmentCreated(revision=1, **self._place, program_id=self.program, started_on=MONDAY - timedelta(7), status="active")

    def assigned(self):
        told = {"student_id": self.student, "partner_id": self.holder, "role": "program_holder", "program_id": self.program}
        return StudentAssigned(revision=1, assignment_id=self.assignment, active=True, **told)

    def provisioned(self):
        told = {"program_id": self.program, "milady_student_id": "ST-1", "courses": (), "provisioned_at": NOW}
        return MiladyProvisioned(revision=1, **self._place, **told)

    def progressed(self, code, percent, revision=1):
        told = {"title": code, "minutes_spent": 90, "minutes_required": 210, "last_accessed_at": NOW, "as_of": NOW}
        return CourseProgressed(revision=revision, **self._place, course_code=code, percent=percent, **told)

    def logged(self, minutes, revision=1, log_id=None, work_date=TODAY, **other):
        told = {"category": "practical", "source": "manual", "status": "submitted"} | other
        return HoursLogged(revision=revision, log_id=log_id or uuid4(), **self._place, work_date=work_date, minutes=minutes, **told)

    def asked(self, minutes, revision=2, effective_from=MONDAY):
        told = {"inactivity_days_threshold": 7, "is_self_paced": False, "class_days": (1, 2, 3, 4, 5), "effective_from": effective_from}
        about = {"program_id": self.program, "required_minutes_per_week": minutes, "revision": revision}
        return RequirementChanged(**self._place, **told, **about)

    def closed(self, result="missed", met=0, missed=1, revision=1, week_start=MONDAY - timedelta(7)):
        told = {"logged_minutes": 90, "target_minutes": 600, "required_minutes": 600, "met_in_a_row": met, "missed_in_a_row": missed}
        about = {"program_id": self.program, "week_start": week_start, "result": result, "revision": revision, "closed_at": NOW}
        return WeekClosed(**self._place, **told, **about)

    def service(self, skill="haircut", revision=1, entry_id=None, status="pending", **other):
        told = {
            **self._place, "program_id": self.program, "entry_id": entry_id or uuid4(), "skill_code": skill, "service_name": "Scissor cut",
            "performed_at": NOW, "duration_minutes": 45, "self_rating": 4, "photos": 2, "revision": revision, "status": status,
        } | other  # fmt: skip
        if status == "approved":
            return SkillApproved(**told, decided_by=self.holder, decided_at=NOW)
        return SkillLogged(**told)

    def alert(self, revision=1, alert_id=None, resolved=False, severity="low", message="5.00 of 10.00 hours."):
        counted = [{"log_id": uuid4(), "revision": 1, "work_date": MONDAY, "minutes": 300, "source": "manual"}]
        why = {"rule": "At most half of the target by Wednesday", "required_minutes": 600, "target_minutes": 600, "logged_minutes": 300,
               "idle_days": 1, "last_activity_on": MONDAY, "checked_on": TODAY, "data_as_of": NOW, "counted": counted}  # fmt: skip
        told = {
            **self._place, "program_id": self.program, "alert_id": alert_id or uuid4(), "alert_type": "midweek_progress",
            "severity": severity, "week_start": MONDAY, "message": message, "explanation": why, "raised_at": NOW, "revision": revision,
        }  # fmt: skip
        return AlertResolved(**told, resolved_at=NOW, resolution="target-reached") if resolved else AlertRaised(**told)

    async def tell(self, *events):
        """Publishes each event as the service that owns it, in this order."""
        for source, some in itertools.groupby(events, key=lambda event: event.producers[-1]):
            await send(self.kafka, source, *some)

    async def begin(self):
        """The student is enrolled and assigned, and everybody's name is known."""
        people = self.who(self.student, self.name), self.who(self.holder, "Marcus Reed")
        await self.tell(*people, self.published(), self.created(), self.assigned(), self.provisioned())


@pytest.fixture(scope="session")
def neighbours():
    made = Neighbours()
    yield made
    made.server.shutdown()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def portal(start_service, neighbours):
    return await start_service(
        "portal", env={"CHAIRSIDE_SERVICES_URL": neighbours.template, "CHAIRSIDE_PUBLIC_URL": "http://portal.example"}
    )


@pytest.fixture
def browse(portal):
    """`browse("student", user_id)`: a browser that is signed in (without arguments: one that is not)."""
    return lambda kind=None, user_id=None, *roles, **claims: Browser(portal, kind, user_id or uuid4(), *roles, **claims)


@pytest.fixture
def new_story(kafka):
    return lambda: Story(kafka)


@pytest_asyncio.fixture
async def story(portal, new_story):
    """An enrolled student whom the portal knows of."""
    made = new_story()
    await made.begin()
    for table in ("enrollment", "milady_provisioning"):
        await eventually(lambda: portal.sql(f"select 1 from {table} where enrollment_id = $1", made.enrollment))  # noqa: B023
    await eventually(lambda: portal.sql("select 1 from access_grant where grant_id = $1", made.assignment))
    return made


@pytest.fixture
def told(portal):
    """`await told("select ...", ...)`: rows of the read model, as soon as there are any."""

    async def look(statement, *arguments):
        return await eventually(lambda: portal.sql(statement, *arguments))

    return look
