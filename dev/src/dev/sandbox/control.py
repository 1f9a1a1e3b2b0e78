"""What a test, a demo or a person orders: time, study, restatements, the dialect and faults. No authentication: loopback only."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from dev.sandbox import clock
from dev.sandbox.database import write_setting
from dev.sandbox.faults import FaultSettings
from dev.sandbox.journal import KEPT
from dev.sandbox.milady import commands, domain, queries
from dev.sandbox.milady.courses import Activity
from dev.sandbox.milady.schemas import Dialect, enrollment_out, hours
from dev.sandbox.state import Database, Here, Now

router = APIRouter(prefix="/control", tags=["control"])

Hundredths = Annotated[Decimal, Field(ge=0, decimal_places=2)]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockOrder(_Order):
    """Either the instant to run on from, or by how many seconds to move."""

    now: AwareDatetime | None = None
    advance_seconds: FiniteFloat | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.now is None) == (self.advance_seconds is None):
            raise ValueError("give either now or advance_seconds")
        return self


class DialectOrder(_Order):
    """The dialect of Milady's answers."""

    dialect: Dialect


class StudyOrder(_Order):
    """Who studied what, when and for how long; `progress` sets the percent, which follows from the hours otherwise."""

    student_email: str | None = None
    milady_student_id: str | None = None
    course: str
    hours: Annotated[Hundredths, Field(gt=0, le=24)]
    on: date
    activity: Activity
    lesson: str | None = None
    progress: Annotated[Hundredths, Field(le=100)] | None = None

    @model_validator(mode="after")
    def _one_student(self) -> Self:
        if (self.student_email is None) == (self.milady_student_id is None):
            raise ValueError("give either student_email or milady_student_id")
        return self


class Restatement(_Order):
    """A time entry's new hours, or its removal."""

    entry_id: str
    hours: Annotated[Hundredths, Field(le=999)] | None = None
    remove: bool = False

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.hours is None) != self.remove:
            raise ValueError("give either hours or remove: true")
        return self


@router.get("/clock")
async def read_clock(now: Now) -> dict[str, str]:
    """What time it is in the sandbox."""
    return {"now": clock.stamp(now)}


@router.put("/clock")
async def move_clock(order: ClockOrder, db: Database) -> dict[str, str]:
    """Move the clock; it runs on from there, also after a restart."""
    with db:
        if order.now is not None:
            clock.move_to(db, order.now)
        elif order.advance_seconds is not None:
            clock.advance(db, order.advance_seconds)
    return {"now": clock.stamp(clock.now(db))}


@router.get("/dialect")
async def read_dialect(db: Database) -> dict[str, str]:
    """The dialect that Milady's answers are written in."""
    return {"dialect": queries.dialect(db)}


@router.put("/dialect")
async def choose_dialect(order: DialectOrder, db: Database) -> dict[str, str]:
    """Choose the dialect, also for after a restart."""
    with db:
        write_setting(db, "dialect", order.dialect)
    return {"dialect": order.dialect}


@router.post("/study", status_code=201)
async def study(order: StudyOrder, db: Database, now: Now) -> dict[str, Any]:
    """Let a student study; gives the time entry and the enrollment as they stand then."""
    student = queries.find_student(db, order.milady_student_id, order.student_email)
    enrollment = queries.enrollment_in(db, student.id, domain.find_course(order.course).code)
    with db:
        entry, after = commands.study(
            db,
            enrollment,
            hundredths=int(order.hours * 100),
            on=order.on,
            activity=order.activity,
            lesson_id=order.lesson,
            percent_hundredths=None if order.progress is None else int(order.progress * 100),
            now=now,
        )
    return {
        **_entry_out(entry),
        "student_id": student.id,
        "enrollment_id": after.id,
        "completion_percentage": after.percent_hundredths / 100,
        "total_hours": hours("b", after.hundredths),
        "status": after.status,
    }


@router.post("/restatements", status_code=204, response_class=Response)
async def restate(order: Restatement, db: Database) -> None:
    """Correct a time entry after the fact, or take it away."""
    with db:
        commands.restate(db, order.entry_id, None if order.hours is None else int(order.hours * 100))


@router.get("/faults")
async def read_faults(sandbox: Here) -> FaultSettings:
    """The faults in force; `next` shows what is left of it."""
    return sandbox.faults.settings


@router.put("/faults")
async def order_faults(settings: FaultSettings, sandbox: Here) -> FaultSettings:
    """Put these faults in the place of all others."""
    sandbox.faults.replace(settings)
    return settings


@router.delete("/faults", status_code=204, response_class=Response)
async def clear_faults(sandbox: Here) -> None:
    """End all faults and let held requests go."""
    sandbox.faults.replace(FaultSettings())


@router.get("/requests")
async def read_requests(sandbox: Here, limit: Annotated[int, Query(ge=1, le=KEPT)] = 100) -> dict[str, Any]:
    """The last requests to outside systems, oldest first."""
    return {"requests": sandbox.journal.last(limit)}


@router.get("/state")
async def read_state(db: Database, now: Now) -> dict[str, Any]:
    """All students with their enrollments and time entries."""
    students = [
        {
            "student_id": student.id,
            "tenant": student.tenant,
            "email": student.email,
            "name": student.name,
            "enrollments": [
                {**enrollment_out("b", enrollment), "entries": [_entry_out(entry) for entry in queries.time_entries(db, enrollment.id)]}
                for enrollment in queries.enrollments_of(db, student.id)
            ],
        }
        for student in queries.all_students(db)
    ]
    return {"now": clock.stamp(now), "dialect": queries.dialect(db), "students": students}


def _entry_out(entry: domain.TimeEntry) -> dict[str, Any]:
    return {
        "entry_id": entry.id,
        "on": entry.on_date,
        "hours": hours("b", entry.hundredths),
        "lesson": entry.lesson_id,
        "activity": entry.activity,
    }
