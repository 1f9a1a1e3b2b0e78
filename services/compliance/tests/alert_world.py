"""The steps of scans, alerts, requirements and leave."""

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

from chassis.errors import Refusal
from chassis.principal import NO_CALLER
from compliance import work
from compliance.commands import alerts, digests, leaves, projections, rechecks, requirements
from contracts.milady import SyncFinished

from .alert_model import MILADY_AGE, Slot
from .ledger_model import week_of
from .ledger_world import Ledger
from .model_world import FIRST, SYSTEM, ZONES, day_of
from .week_model import WEEK, Leave

ON = {"midweek": 2, "weekly": 6, "close": 7}
SETTLED = timedelta(minutes=2)


class World(Ledger):
    """Everything that people, events and the clock do."""

    def __init__(self, *args, **told):
        super().__init__(*args, **told)
        self.leave_ids = []

    async def scan(self, kind, zone, number):
        """A slot that is due, by hand as the API runs it."""
        weeks = self.week + (kind != "close")
        if not weeks:
            return
        on = number % (7 * weeks) if kind == "inactivity" else number // 7 % weeks * 7 + ON[kind]
        slot, context = (
            Slot(kind, ZONES[zone], day_of(on)),
            SimpleNamespace(database=self.database, settings=SimpleNamespace(milady_age=MILADY_AGE)),
        )
        try:
            await work.run_by_hand(context, self.who("admin", None), NO_CALLER, kind, slot.zone, slot.day)
            done = None
        except Refusal as refusal:
            done = type(refusal).__name__
        known = {self.zones[program] for program, rules in self.model.programs.items() if rules.revision}
        assert done == (None if slot.zone in known else "ZoneNotKnown")
        if done is None:
            self.alerts.scan(slot)

    async def weeks_pass(self, weeks):
        """The clock's scans of some weeks, in their order."""
        for number in range(min(weeks, self.week)):
            for kind in ON:
                for zone in sorted({ZONES.index(zone) for zone in self.zones.values()}):
                    await self.scan(kind, zone, 7 * number)
                    self.alerts.follow()

    async def resolve(self, name, number):
        known = [(place, alert) for place, found in self.alerts.alerts.items() for alert in found]
        if not known:
            return
        place, alert = known[number % len(known)]
        of_kind = [each for each in self.alerts.alerts[place] if (each.kind, each.week) == (alert.kind, alert.week)]
        find = "select alert_id from alert where enrollment_id = :place and alert_type = :kind and week_start = :week order by alert_id"
        about = {"place": place, "kind": alert.shown()[0], "week": alert.week}
        async with self.database.transaction() as tx:
            alert_id = (await tx.all(find, about))[[each is alert for each in of_kind].index(True)].alert_id
        done = await self.act(self.who(name, place), lambda tx: alerts.resolve_by_hand(tx, alert_id, "called", self.now))
        assert (done if isinstance(done, str) else None) == ("AlertAlreadyResolved" if alert.status == "resolved" else None)
        if alert.status == "open":
            alert.resolve("by-hand")

    async def escalate(self, zone):
        """What is open for long, seen a month from now."""
        await self.act(SYSTEM, lambda tx: digests.escalate_aged(tx, ZONES[zone], datetime.now(UTC) + timedelta(days=30), 7))
        for place in self.alerts.of_zone(ZONES[zone]):
            for alert in self.alerts.alerts[place]:
                if alert.status == "open" and not alert.escalated:
                    alert.escalate()

    async def synced(self, kind, number, day, fails):
        """Milady was read at 14:00 of New York, too early for that evening's checks on the other coast; what waited is judged."""
        place = self.places[number]
        of = {"all": None, "program": self.model.enrollments[place].program, "enrollment": place}[kind]
        as_of, failed = datetime.combine(day_of(day), time(14), ZoneInfo(ZONES[0])), (place,) if fails else ()
        told = {"scope": kind, "scope_kind": kind, "scope_id": of, "enrollments": 1, "entries_changed": 0, "failed": failed}
        event = SyncFinished(revision=1, sync_id=uuid4(), as_of=as_of, **told)
        await self.act(SYSTEM, lambda tx: projections.keep_sync(tx, event))
        self.alerts.on_milady |= {place} if fails or kind == "enrollment" else set()
        self.alerts.syncs.append((kind, of, as_of, frozenset(failed)))
        await self.act(SYSTEM, lambda tx: rechecks.release(tx, datetime.now(UTC) + SETTLED, MILADY_AGE))
        self.alerts.release()

    def _refuses_asking(self, since):
        if since is None:
            return None
        return "NotAMonday" if since != week_of(since) else "WeekIsOver" if since < week_of(self.today) else None

    async def require(self, name, number, changes, shift):
        """Another requirement from this week on, from a Monday later or earlier, or from a day that is none."""
        place, present = self.places[number], week_of(self.today)
        since = None if shift is None else present + timedelta(days=shift)
        work = lambda tx: requirements.change(tx, place, changes, since, "*", self.now)
        done = await self.act(self.who(name, place), work)
        known = self.alerts.weeks.asked.get(place)
        unknown = "RequirementNotKnown" if self.model.enrollments[place].revision else "EnrollmentNotKnown"
        expected = self._refuses_asking(since) if known else unknown
        assert (done if isinstance(done, str) else None) == expected
        return self._asks([place], changes, since or present) if expected is None else None

    async def require_all(self, number, changes, shift):
        program, present = self.programs[number], week_of(self.today)
        since = None if shift is None else present + timedelta(days=shift)
        work = lambda tx: requirements.change_all(tx, changes, since, self.now, program_id=program, cohort_id=None)
        done = await self.act(self.who("admin", None), work)
        known = [place for place in self.alerts.weeks.asked if self.model.enrollments[place].program == program]
        active = [place for place in known if self.model.enrollments[place].status == "active"]
        expected = self._refuses_asking(since) if active else "NobodyToChange"
        assert (done if isinstance(done, str) else None) == expected
        return self._asks(active, changes, since or present) if expected is None else None

    def _asks(self, places, changes, since):
        """The weeks that are checked again: the present one of those of whom something else is asked in it."""
        told = (changes.get("required_minutes_per_week"), changes.get("inactivity_days_threshold"))
        changed = {(place, since) for place in places if self.alerts.weeks.ask(place, since, *told)}
        return changed if since == week_of(self.today) else set()

    async def leave(self, number, day, length):
        place, first = self.places[number], day_of(day)
        last = None if length is None else first + timedelta(days=length)
        done = await self.act(self.who("coordinator", place), lambda tx: leaves.approve(tx, place, first, last, None, self.now))
        known = self.model.enrollments[place].revision
        expected = self.alerts.weeks.refuses_leave(place, first, last) if known else "EnrollmentNotKnown"
        assert (done if isinstance(done, str) else None) == expected
        if expected is None:
            found = Leave(first, last)
            self.alerts.weeks.leaves[place].append(found)
            self.leave_ids.append((done.leave_id, place, found))
            return self._all_weeks(place)
        return None

    async def end_leave(self, number, day):
        if not self.leave_ids:
            return None
        leave_id, place, leave = self.leave_ids[number % len(self.leave_ids)]
        last = day_of(day)
        done = await self.act(self.who("admin", place), lambda tx: leaves.end(tx, leave_id, last, self.now))
        expected = "LeaveAlreadyCancelled" if leave.cancelled else self.alerts.weeks.refuses_leave(place, leave.first, last, leave)
        assert (done if isinstance(done, str) else None) == expected
        if expected or leave.last == last:
            return None
        leave.last = last
        return self._all_weeks(place)

    async def cancel_leave(self, number):
        if not self.leave_ids:
            return None
        leave_id, place, leave = self.leave_ids[number % len(self.leave_ids)]
        await self.act(self.who("partner", place), lambda tx: leaves.cancel(tx, leave_id, self.now))
        if leave.cancelled:
            return None
        leave.cancelled = True
        return self._all_weeks(place)

    def _all_weeks(self, place):
        return {(place, FIRST + n * WEEK) for n in range(self.week + 1)}
