"""How many of a cohort met their week, and how many of them came (SPEC 3.3, 3.11)."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from chassis.errors import NotFound


class NobodyThere(NotFound):
    """Nobody whom the one who asks may see has begun in that program or cohort."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One week of a cohort or a program, of those whom the one who asks may see.

    `attendance` is the mean over its enrollments of class days with hours of all class days up to today, or, of the self-paced, of what
    of the target is logged; None where nobody has had any.
    """

    week_start: date
    enrollments: int
    met: int
    missed: int
    excused: int
    open: int
    attendance: Fraction | None

    @property
    def met_percent(self) -> int | None:
        """Of those whose week is decided, excused ones left out, rounded once, half to even; None where there are none."""
        return percent(Fraction(self.met, self.met + self.missed)) if self.met + self.missed else None

    @property
    def attendance_percent(self) -> int | None:
        """The same of the attendance."""
        return None if self.attendance is None else percent(self.attendance)


def percent(share: Fraction) -> int:
    """A share in percent, rounded half to even."""
    return round(share * 100)
