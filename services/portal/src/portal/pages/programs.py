"""The form of a program, and the program that it describes."""

from typing import Any

from starlette.datastructures import FormData

from portal.forms import FieldWrong, text, whole

COURSES, SKILLS = 4, 6
"""Rows of the form."""
BARBER: dict[str, str] = {
    "name": "Barber Apprenticeship", "time_zone": "America/New_York", "theory_hours": "144", "practical_hours": "2000",
    "required_hours": "10", "inactivity_days_threshold": "7",
    "course_code_0": "rise-wellbeing-safety", "course_title_0": "Client Well-Being & Safety", "course_minutes_0": "210",
    "course_code_1": "rise-finance-fundamentals", "course_title_1": "Finance Fundamentals", "course_minutes_1": "240",
    "skill_code_0": "haircut", "skill_title_0": "Haircut", "skill_quota_0": "200",
    "skill_code_1": "fade", "skill_title_1": "Fade", "skill_quota_1": "100",
    "skill_code_2": "shave", "skill_title_2": "Shave", "skill_quota_2": "50",
    "skill_code_3": "beard_trim", "skill_title_3": "Beard trim", "skill_quota_3": "",
}  # fmt: skip
"""What the form begins with: the two RISE courses and the services of a barber (SPEC 3.4, 3.5)."""


def program_of(form: FormData) -> dict[str, Any]:
    """The body for `POST /v1/programs`. Raises FieldWrong."""
    return {
        "name": text(form, "name"),
        "time_zone": text(form, "time_zone"),
        "theory_minutes": 60 * whole(form, "theory_hours", "Hours of theory"),
        "practical_minutes": 60 * whole(form, "practical_hours", "Hours on the chair"),
        "required_minutes_per_week": 60 * whole(form, "required_hours", "Hours a week"),
        "inactivity_days_threshold": whole(form, "inactivity_days_threshold", "Idle days"),
        "courses": [_row(form, "course", number, "minutes") for number in range(COURSES) if _used(form, "course", number)],
        "skills": [_row(form, "skill", number, "quota") for number in range(SKILLS) if _used(form, "skill", number)],
    }


def _used(form: FormData, kind: str, number: int) -> bool:
    return bool(text(form, f"{kind}_title_{number}") or text(form, f"{kind}_code_{number}"))


def _row(form: FormData, kind: str, number: int, amount: str) -> dict[str, Any]:
    """One course or skill; a code that was left out is made from the title."""
    title = text(form, f"{kind}_title_{number}")
    if not title:
        raise FieldWrong(f"{kind.capitalize()} {number + 1}: write its title, or empty the row.")
    code = text(form, f"{kind}_code_{number}") or "_".join(title.lower().split())
    label = f"{title}: {'minutes' if amount == 'minutes' else 'how many'}"
    told = text(form, f"{kind}_{amount}_{number}")
    return {"code": code, "title": title, amount: whole(form, f"{kind}_{amount}_{number}", label) if told or amount == "minutes" else None}
