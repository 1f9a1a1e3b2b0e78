"""Templates, and how numbers, days and times read in them."""

import hashlib
import importlib.resources
import mimetypes
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from uuid_utils import uuid7

from portal import domain

PARTNER_KINDS = {
    "program_holder": "Program holder",
    "worksite": "Worksite",
    "site_coordinator": "Site coordinator",
}
ALERT_TYPES = {"midweek_progress": "Midweek check", "weekly_hours_check": "Weekly hours", "inactivity_check": "Inactivity"}
MESSAGE_KINDS = {
    "welcome": "Welcome, with the link to your courses",
    "alerts-digest": "Alerts of your students",
    "signed-copy": "Copy of what you signed",
    "password-reset": "A link for a new password",
    "email-verification": "A link that verifies your address",
}


def _load_static() -> dict[str, tuple[bytes, str]]:
    """Every file under `static/` by name, with its media type."""
    root = importlib.resources.files("portal") / "static"
    names = [*(each.name for each in root.iterdir() if each.is_file()), *(f"vendor/{each.name}" for each in (root / "vendor").iterdir())]
    return {name: ((root / name).read_bytes(), mimetypes.guess_type(name)[0] or "text/plain") for name in names}


STATIC = _load_static()
STATIC_VERSION = hashlib.sha256(b"".join(body for _, (body, _) in sorted(STATIC.items()))).hexdigest()[:12]
"""Part of every static file's address, so that browsers keep a file for good and never one of another build."""


def when(instant: datetime | str | None, zone: str = "America/New_York") -> str:
    """An instant as people write it in a zone: `Thu, Nov 19, 4:30 PM`."""
    if instant is None:
        return "never"
    at = (datetime.fromisoformat(instant) if isinstance(instant, str) else instant).astimezone(ZoneInfo(zone))
    return f"{at:%a, %b} {at.day}, {at.hour % 12 or 12}:{at:%M} {at:%p}"


def day(told: date | str | None) -> str:
    """A date as people write it: `Thu, Nov 19`."""
    if told is None:
        return "never"
    on = date.fromisoformat(told) if isinstance(told, str) else told
    return f"{on:%a, %b} {on.day}"


def full_date(told: date) -> str:
    """A date with its year: `Nov 19, 2026`."""
    return f"{told:%b} {told.day}, {told.year}"


def local_input(instant: str, zone: str) -> str:
    """An instant as a `datetime-local` field takes it, in a zone."""
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def pay(model: dict[str, Any]) -> str:
    """A pay model in words: `40 % of the ... (30 to 60 %)`."""
    percent = model["type"] == "percentage"
    default, least, most = (
        f"{amount} %" if percent else f"{amount / 100:,.2f}" for amount in (model["default"], model["min"], model["max"])
    )
    if percent:
        return f"{default} {model['basis']} ({least} to {most})"
    return f"{model['currency']} {default} {model['basis']} ({least} to {most})"


def clock(minutes: int) -> str:
    """A duration as people say it: `1 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours))


def words(name: str) -> str:
    """A code as words: `weekly_hours_check` is `Weekly hours check`."""
    return name.replace("_", " ").replace("-", " ").replace(".", ": ").capitalize()


def markdown(text: str) -> Markup:
    """Markdown as HTML; HTML inside of it is shown, not obeyed."""
    return Markup(MarkdownIt("js-default", {"html": False, "linkify": False}).render(text))  # noqa: S704


def _environment() -> Environment:
    made = Environment(loader=PackageLoader("portal"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "when": when,
        "day": day,
        "clock": clock,
        "words": words,
        "markdown": markdown,
        "pay": pay,
        "full_date": full_date,
        "local_input": local_input,
    }
    made.filters |= {"hours": domain.hours, "shown": domain.shown}
    made.globals |= {
        "static": lambda name: f"/static/{STATIC_VERSION}/{name}",
        "fresh_key": lambda: str(uuid7()),
        "partner_kinds": PARTNER_KINDS, "alert_types": ALERT_TYPES, "message_kinds": MESSAGE_KINDS,
    }  # fmt: skip
    return made


templates = _environment()


def html(request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **context: Any) -> HTMLResponse:
    """A page or a part of one. Templates find the session (or None), how far live updates were heard, and whether htmx asks."""
    known = {
        "session": getattr(request.state, "session", None),
        "name": getattr(request.state, "name", None),
        "live_token": getattr(request.state, "live_token", None),
        "path": request.url.path,
        "whole": not by_htmx(request),
    }
    return HTMLResponse(templates.get_template(template).render(known | context), status, headers)


def by_htmx(request: Request) -> bool:
    """Whether a part of a page is asked for, not a whole one."""
    return "hx-request" in request.headers
