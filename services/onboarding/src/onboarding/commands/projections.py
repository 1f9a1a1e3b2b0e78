"""What other services' events tell, as it was told last."""

from collections.abc import Sequence

from chassis.database import Transaction
from contracts.milady import CourseProgressed
from contracts.people import UserChanged

PERSON = """insert into person (user_id, name, email, status, revision) values (:user_id, :name, :email, :status, :revision)
 on conflict (user_id) do update set name = excluded.name, email = excluded.email, status = excluded.status,
   revision = excluded.revision where person.revision < excluded.revision"""
PROGRESS = """insert into course_progress (enrollment_id, course_code, student_id, title, percent, minutes_spent, minutes_required,
   last_accessed_at, as_of, revision)
 values (:enrollment_id, :course_code, :student_id, :title, :percent, :minutes_spent, :minutes_required,
   :last_accessed_at, :as_of, :revision)
 on conflict (enrollment_id, course_code) do update set student_id = excluded.student_id, title = excluded.title,
   percent = excluded.percent, minutes_spent = excluded.minutes_spent, minutes_required = excluded.minutes_required,
   last_accessed_at = excluded.last_accessed_at, as_of = excluded.as_of, revision = excluded.revision
   where course_progress.revision < excluded.revision"""


async def keep_people(tx: Transaction, events: Sequence[UserChanged]) -> None:
    """Stores each person's newest state."""
    await tx.execute(PERSON, [event.model_dump(include={"user_id", "name", "email", "status", "revision"}) for event in events])


async def keep_progress(tx: Transaction, events: Sequence[CourseProgressed]) -> None:
    """Stores the newest state of each course of each enrollment."""
    await tx.execute(PROGRESS, [event.model_dump() for event in events])
