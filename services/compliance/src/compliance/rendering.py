"""Statements as PDF: tagged, and fit for archives (PDF/A-2a, PDF/UA-1)."""

import importlib.resources
import json
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import typst

from compliance.domain.statements import CATEGORIES, Line, Statement, Sum, Sums
from compliance.domain.weeks import hours_text

TEMPLATE = importlib.resources.files("compliance").joinpath("templates/statement.typ").read_bytes()


def pdf(statement: Statement) -> bytes:
    """The statement, set; the same statement gives the same bytes. Takes about a second for a thousand entries: call it in a thread."""
    told = {"statement": json.dumps(_told(statement))}
    return bytes(
        typst.compile(
            TEMPLATE,
            sys_inputs=told,
            pdf_standards=["a-2a", "ua-1"],
            ignore_system_fonts=True,
            timestamp=statement.as_of.replace(microsecond=0),
        )
    )


def _told(statement: Statement) -> dict[str, Any]:
    place, local = statement.place, ZoneInfo(statement.place.time_zone)
    as_of = f"{statement.as_of.astimezone(local):%Y-%m-%d %H:%M:%S} {place.time_zone}"
    days = f"{place.started_on} to {place.ended_on or 'today'}, {place.status}"
    about = {"Program": place.program_name, "Enrollment": place.enrollment_id, "Student": place.student_id, "Days": days, "As of": as_of}
    if statement.detached_years:
        about["Not in it"] = f"the hours of {', '.join(map(str, statement.detached_years))}, which are detached from the ledger"
    by_category = statement.total.by_category
    return {
        "enrollment_id": str(place.enrollment_id),
        "as_of": as_of,
        "about": [[name, str(value)] for name, value in about.items()],
        "categories": [*([name.capitalize(), *_both(by_category[name])] for name in CATEGORIES), ["Together", *_both(statement.total.all)]],
        "weeks": [_week(start, sums) for start, sums in statement.weeks.items()],
        "entries": [_entry(line) for line in statement.lines],
    }


def _week(start: date, sums: Sums) -> list[str]:
    counted = (hours_text(sums.by_category[name].counted_minutes) for name in CATEGORIES)
    return [f"{start} to {start + timedelta(days=6)}", *counted, *_both(sums.all)]


def _entry(line: Line) -> list[str]:
    flags = ", ".join(line.flags).replace("_", " ")
    minutes = Sum(line.counted_minutes, line.official_minutes)
    return [str(line.work_date), line.category or "", line.source, line.status, flags, hours_text(line.minutes), *_both(minutes)]


def _both(sum_: Sum) -> tuple[str, str]:
    return hours_text(sum_.counted_minutes), hours_text(sum_.official_minutes)
