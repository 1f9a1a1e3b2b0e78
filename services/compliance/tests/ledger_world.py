"""The steps of the ledger: submitted, also in bulk, voided, decided on, accepted and corrected."""

from uuid import UUID

from compliance.commands import batches, hours, revisions
from compliance.domain.hours import Submission
from compliance.domain.imports import Row

from .ledger_model import NOTHING, Revision
from .model_world import Base

SOURCE = {"student": "manual", "partner": "partner", "coordinator": "coordinator"}


class Ledger(Base):
    """What people do with hours."""

    def entry(self, number, among=()):
        """One of the entries, with its newest revision: of those `among` them if there are any; None while there is none."""
        newest = self.model.newest()
        known = sorted((log_id, newest[log_id]) for log_id in among or newest)
        return known[number % len(known)] if known else None

    async def submit(self, name, told):
        number, day, minutes, category, key = told
        place = self.places[number]
        asked, who = Submission(place, self.day(day), minutes, category, SOURCE[name], None, key), self.who(name, place)
        expected = self._expected(asked)
        done = await self.act(who, lambda tx: hours.submit(tx, asked, self.now))
        assert (done if isinstance(done, str) else "taken") == (expected if isinstance(expected, str) else "taken")
        if expected is None:
            self._taken(asked, done.log_id, who)
        elif isinstance(expected, UUID):
            assert (done.log_id, done.revision) == (expected, 1)

    async def bulk(self, name, rows):
        asked = [
            Submission(self.places[n], self.day(day), minutes, category, SOURCE[name], None, key) for n, day, minutes, category, key in rows
        ]
        who = self.who(name, asked[0].enrollment_id)

        async def work(tx):
            await batches.lock_students(tx, {one.enrollment_id for one in asked})
            outcomes = await batches.decide_all(tx, [Row(n, one) for n, one in enumerate(asked)], self.now)
            await batches.record_all(tx, [outcome.entry for outcome in outcomes if outcome.entry], self.now)
            return outcomes

        for one, outcome in zip(asked, await self.act(who, work), strict=True):
            theirs = name == "student" and self.model.enrollments[one.enrollment_id].student != who.id
            expected = "EnrollmentNotKnown" if theirs else self._expected(one)
            assert (outcome.refusal and type(outcome.refusal).__name__, outcome.repeated) == (
                (expected, None) if isinstance(expected, str) else (None, expected)
            )
            if outcome.entry:
                self._taken(one, outcome.entry.log_id, who)

    def _expected(self, asked):
        """The refusal, the entry that is there under the key, or None where it is taken."""
        known = self.model.keys.get((asked.enrollment_id, asked.source, asked.external_key)) if asked.external_key else None
        found = self.model.refuses_hours(asked.enrollment_id, asked.work_date, asked.minutes, self.today)
        return known if known and found != "EnrollmentNotKnown" else found

    def _taken(self, asked, log_id, who):
        told = (asked.enrollment_id, asked.work_date, asked.minutes, asked.category, asked.source, "submitted", who.id)
        self.model.add(log_id, Revision(1, self.step, *told))
        if asked.external_key:
            self.model.keys[asked.enrollment_id, asked.source, asked.external_key] = log_id

    async def _revise(self, name, number, refusal_of, work, next_of):
        """One step on one entry: refused as the model says, or followed by the model's next revision."""
        if (found := self.entry(number)) is None:
            return
        log_id, before = found
        who = self.who(name, before.enrollment)
        closed = "EntryReadOnly" if before.source == "lms" else "EntryAlreadyVoided" if before.status == "voided" else None
        expected = closed or refusal_of(log_id, before, who)
        done = await self.act(who, lambda tx: work(tx, log_id))
        assert (done if isinstance(done, str) else None) == expected
        if expected is None and (after := next_of(log_id, before)):
            numbers = {"number": before.number + 1, "step": self.step, "by": who.id}
            self.model.add(log_id, Revision(**{**before.__dict__, **numbers, **after}))

    async def void(self, name, number):
        def refusal(log_id, before, who):
            if name == "admin":
                return None
            if self.model.entries[log_id][0].by != who.id:
                return "EntryNotYours"
            return None if before.status == "submitted" else "EntryDecided"

        gone = {"minutes": 0, "status": "voided"}
        await self._revise(name, number, refusal, lambda tx, log_id: revisions.void_entry(tx, log_id, "x", self.now), lambda *_: gone)

    async def decide(self, name, number, verdict):
        def refusal(log_id, before, who):
            if who.id in self.model.authors(log_id):
                return "OwnHours"
            return None if before.status == "submitted" else "EntryDecided"

        decided, how = {"status": verdict}, (verdict, "x", "*", self.now)
        await self._revise(name, number, refusal, lambda tx, log_id: revisions.decide_on(tx, log_id, *how), lambda *_: decided)

    async def correct(self, name, number, changes):
        reason = "x" if name in ("coordinator", "admin") else None

        def refusal(log_id, before, who):
            if reason is None and self.model.entries[log_id][0].by != who.id:
                return "EntryNotYours"
            if reason is None and before.status != "submitted":
                return "EntryDecided"
            day, minutes = changes.get("work_date", before.day), changes.get("minutes", before.minutes)
            moves = before.status == "rejected" or (day, minutes) != (before.day, before.minutes)
            return self.model.refuses_day(before.enrollment, day, minutes, self.today, log_id) if moves else None

        def after(_, before):
            told = {"day" if key == "work_date" else key: value for key, value in changes.items()}
            same = before.status == "submitted" and all(getattr(before, key) == value for key, value in told.items())
            return None if same else {**told, "status": "submitted"}

        def work(tx, log_id):
            return revisions.correct_entry(tx, log_id, changes, reason, "*", self.now)

        await self._revise(name, number, refusal, work, after)

    async def accept(self, name, number):
        counting = self.model.counting()
        if (found := self.entry(number, {log_id for log_id, each in counting.items() if each.over})) is None:
            return
        log_id, before = found
        who = self.who(name, before.enrollment)
        closed = None if counting.get(log_id, NOTHING).over else "NothingToAccept"
        expected = "OwnHours" if who.id in self.model.authors(log_id) else closed
        done = await self.act(who, lambda tx: revisions.accept_entry(tx, log_id, "*", self.now))
        assert (done if isinstance(done, str) else None) == expected
        if expected is None:
            self.model.accepted.append((log_id, before.minutes, self.step))
