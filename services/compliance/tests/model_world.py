"""The service's database and the models of it side by side: each step is taken in both, and they must say the same of it.

Here what every step shares, the events, and the comparison; the steps of the ledger and of alerts build on it.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from chassis import access
from chassis.errors import Refusal
from chassis.principal import Principal
from compliance.commands import ledger, projections, rechecks
from compliance.queries import statements
from contracts.hours import HoursLogged, HoursVoided
from contracts.onboarding import EnrollmentCreated, EnrollmentWithdrawn, ProgramPublished

from .alert_model import MILADY_AGE, AlertModel
from .ledger_model import NOTHING, Enrollment, Model, Revision, Rules

FIRST, LAST_WEEK = date(2026, 10, 5), 3
ZONES = ("America/New_York", "America/Los_Angeles")
ROLE = {"partner": "worksite", "coordinator": "site_coordinator", "admin": "admin"}
STATES = {1: (0, None, "active"), 2: (8, None, "active"), 3: (2, None, "active"), 4: (1, 16, "withdrawn"), 5: (1, 18, "completed")}
RULES = {
    1: Rules(1, required=600, threshold=7),
    2: Rules(2, daily=480, weekly=900, required=900, threshold=4),
    3: Rules(3, daily=600, submitted=False, verified_only=False, required=300, threshold=10),
}
"""What the revisions of an enrollment and of a program say: first and last day; how hours count, and what is asked."""
WEEKS = (
    "select enrollment_id, week_start, minutes, entries, last_activity_on from weekly_total where enrollment_id = any(:ids) and minutes > 0"
)
ENTRIES = """select c.log_id, c.revision, c.status, c.minutes, c.counted_minutes, c.over_minutes, c.double_credit,
   exists (select from counted_hours n where n.log_id = c.log_id) as counts from current_hours c where c.enrollment_id = any(:ids)"""
ALERTS = """select enrollment_id, alert_type, week_start, severity, status, resolution, revision, escalated_at is not null,
   (explanation ->> 'target_minutes')::int, (explanation ->> 'logged_minutes')::int, (explanation ->> 'idle_days')::int
 from alert where enrollment_id = any(:ids) order by alert_id"""
RESULTS = """select enrollment_id, week_start, result, target_minutes, met_in_a_row, missed_in_a_row
 from weekly_total where enrollment_id = any(:ids) and result is not null"""
TOLD = """select (select count(*) from outbox where topic in ('alert.raised', 'alert.resolved')),
 (select count(*) from held_check), (select count(*) from recheck)"""
FORGET = """delete from scan; delete from program; delete from sync_run; delete from outbox; delete from held_check; delete from recheck;
 update enrollment set time_zone = null where time_zone is not null"""
SYSTEM = Principal("system")


def day_of(number: int) -> date:
    return FIRST + timedelta(days=number)


class Base:
    """Two students, three enrollments in two programs, and everybody around them, on the Sunday evening of a week."""

    def __init__(self, database, server, *, week=LAST_WEEK, apart=False):
        self.database, self.server, self.step, self.instants, self.week = database, server, 0, [], week
        self.programs, self.places, students = [uuid4(), uuid4()], [uuid4() for _ in range(3)], [uuid4(), uuid4()]
        self.people = {name: uuid4() for name in ROLE}
        self.zones = dict(zip(self.programs, ZONES if apart else ZONES[:1] * 2, strict=True))
        enrollments = {place: Enrollment(students[n // 2], self.programs[n % 2]) for n, place in enumerate(self.places)}
        self.model = Model(enrollments, {program: Rules() for program in self.programs})
        self.alerts = AlertModel(self.model, self.zones)

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(23, 10), ZoneInfo(ZONES[0])).astimezone(UTC)

    @property
    def today(self) -> date:
        return day_of(7 * self.week + 6)

    def day(self, number: int) -> date:
        """One of the days up to tomorrow."""
        return day_of(number % (7 * self.week + 8))

    async def begin(self):
        """Scans look at everyone in a zone: nobody of an earlier world may be left, nor what waits to be checked there."""
        await self.server.execute(FORGET)
        async with self.database.transaction() as tx:
            for place in self.model.enrollments.values():
                for viewer in ("partner", "coordinator"):
                    await access.grant(tx, uuid4(), viewer_id=self.people[viewer], subject_id=place.student, active=True, revision=1)
            self.instants.append(await tx.scalar("select clock_timestamp()"))

    async def act(self, who, work):
        """What the command gives, or the name of its refusal, with what workers do after it; the step's instant is noted."""
        self.step += 1
        try:
            async with self.database.transaction(who) as tx:
                done = await work(tx)
        except Refusal as refusal:
            done = type(refusal).__name__
        again = True
        while again:
            async with self.database.transaction() as tx:
                again = await rechecks.recheck(tx, datetime.now(UTC), MILADY_AGE)
        async with self.database.transaction() as tx:
            self.instants.append(await tx.scalar("select clock_timestamp()"))
        return done

    def who(self, name, place):
        if name == "student":
            return Principal("student", self.model.enrollments[place].student)
        return Principal("admin" if name == "admin" else "partner", self.people[name], frozenset([ROLE[name]]))

    async def time(self):
        """A week goes by."""
        self.week = min(LAST_WEEK, self.week + 1)

    async def lms(self, number, slot, revision, day, minutes, void):
        place, on = self.places[number], self.day(day)
        log_id, student = uuid5(place, str(slot)), self.model.enrollments[place].student
        about = {"log_id": log_id, "revision": revision, "enrollment_id": place, "student_id": student, "source": "lms"}
        logged = HoursLogged(**about, work_date=on, minutes=minutes, category="theory", status="verified")
        event = HoursVoided(**about, work_date=on, reason="gone") if void else logged
        await self.act(SYSTEM, lambda tx: ledger.keep_hours(tx, [event], self.now))
        self.alerts.on_milady.add(place)
        known = self.model.entries.get(log_id, [])
        if not known or known[-1].number < revision:
            told = (0, None, "lms", "voided", None) if void else (minutes, "theory", "lms", "verified", None)
            self.model.add(log_id, Revision(revision, self.step, place, on, *told))

    async def enrolled(self, number, revision):
        place, (start, end, status) = self.model.enrollments[self.places[number]], STATES[revision]
        ended_on = None if end is None else day_of(end)
        about = {"student_id": place.student, "program_id": place.program, "started_on": day_of(start), "ended_on": ended_on}
        kind = EnrollmentCreated if status == "active" else EnrollmentWithdrawn
        event = kind(revision=revision, enrollment_id=self.places[number], status=status, **about)
        await self.act(SYSTEM, lambda tx: projections.keep_enrollment(tx, event, self.now))
        if revision > place.revision:
            place.revision, place.started_on, place.ended_on, place.status = revision, day_of(start), ended_on, status

    async def program(self, number, revision):
        program, rules = self.programs[number], RULES[revision]
        about = {"program_id": program, "partner_id": self.people["partner"], "name": "Barber", "time_zone": self.zones[program]}
        asked = {"required_minutes_per_week": rules.required, "inactivity_days_threshold": rules.threshold}
        amounts = {"theory_minutes": 1, "practical_minutes": 1, **asked}
        counting = {"daily_cap_minutes": rules.daily, "weekly_cap_minutes": rules.weekly}
        more = {"submitted_hours_count": rules.submitted, "reports_verified_only": rules.verified_only}
        event = ProgramPublished(revision=revision, courses=(), skills=(), **about, **amounts, **counting, **more)
        await self.act(SYSTEM, lambda tx: projections.keep_program(tx, event, self.now))
        if revision > self.model.programs[program].revision:
            self.model.programs[program] = rules

    async def compare(self, again=frozenset()):
        """Totals, entries, flags and what counts; alerts, results, streaks, and how often they were told."""
        self.alerts.follow(again=again)
        async with self.database.transaction() as tx:
            read = [await tx.all(statement, {"ids": self.places}) for statement in (WEEKS, ENTRIES, ALERTS, RESULTS)]
            told = await tx.first(TOLD)
        weeks, entries, alerts, results = read
        assert {(row[0], row[1]): tuple(row[2:]) for row in weeks} == self.model.weeks()
        counting = self.model.counting()
        assert {row.log_id: tuple(row[1:]) for row in entries} == {
            log_id: (one.number, one.status, one.minutes, found.minutes, found.over, found.double, found.minutes > 0)
            for log_id, one in self.model.newest().items()
            for found in [counting.get(log_id, NOTHING)]
        }
        expected = {place: [each.shown() for each in alerts] for place, alerts in self.alerts.alerts.items()}
        assert {place: sorted(tuple(row[1:]) for row in alerts if row[0] == place) for place in self.places} == {
            place: sorted(shown) for place, shown in expected.items()
        }
        assert {(row[0], row[1]): tuple(row[2:]) for row in results} == self.alerts.weeks.results()
        revisions = sum(each.revision for alerts in self.alerts.alerts.values() for each in alerts)
        assert {"told": told[0], "held": told[1], "to check": told[2]} == {"told": revisions, "held": len(self.alerts.held), "to check": 0}

    async def compare_statements(self, step, places=None):
        """What is believed now, and what was believed after that step, and before each acceptance."""
        befores = [] if places else [accepted - 1 for _, _, accepted in self.model.accepted]
        for at in {step, *([] if places else [self.step]), *befores}:
            counted, official = self.model.counting(at), self.model.counting(at, official=True)
            for place in places or self.places:
                about = self.model.enrollments[place]
                if about.revision and self.model.programs[about.program].revision:
                    await self._compare_statement(place, at, counted, official)

    async def _compare_statement(self, place: UUID, at, counted, official):
        async with self.database.transaction() as tx:
            told = await statements.statement(tx, place, self.instants[at], datetime.now(UTC))
        found = {line.log_id: (line.revision, line.revisions, line.counted_minutes, line.official_minutes) for line in told.lines}
        assert found == {
            log_id: (one.number, self.model.revisions(log_id, at), *(each.get(log_id, NOTHING).minutes for each in (counted, official)))
            for log_id, one in self.model.newest(at).items()
            if one.enrollment == place
        }
