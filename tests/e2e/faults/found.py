"""Looks for everything that was accepted in every place that should know it, once nothing is under way any more."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from dev.demo.stage import Stage, StoryError

from .. import agreement, looking, ordering, people, waiting
from ..load import Load, Newcomer, Work
from . import rebuilt
from .stack import Breakable
from .verdict import Verdict
from .work import COURSE, More

ASKED = "select value from outbox where topic = 'message.requested'"
COURSES = ("rise-finance-fundamentals", COURSE)


async def looked(broken: Breakable, stage: Stage, load: Load, more: More) -> Verdict:
    """What became of all of it."""
    verdict = Verdict()
    await people.administrator(stage)
    for person in (load.holder, *(work.student for work in load.work)):
        await person.sign_in()
    await _last_sync(stage, load)
    await looking.set_up(broken.live.stack, load.program)
    for work in load.work:
        with _or_lost(verdict, work.student.name):
            await _student(stage, verdict, work, more)
    await _newcomers(stage, verdict, load, more)
    await _assignments(stage, verdict, more)
    await _mails(stage, verdict)
    await _applied(stage, verdict)
    await _delivery(broken, verdict)
    await rebuilt.compare(stage.stack, verdict)
    verdict.other += [f"a client met {what}" for what in load.faults if " 500 " in what]
    return verdict


@contextmanager
def _or_lost(verdict: Verdict, where: str) -> Iterator[None]:
    """A service that does not know somebody at all has lost them."""
    try:
        yield
    except StoryError as error:
        verdict.lost.append(f"{where}: {error}")


async def _last_sync(stage: Stage, load: Load) -> None:
    """What was studied last is fetched; whoever was down meanwhile is not held to have known it."""
    admin = stage.people["Admin"]
    for work in load.work:
        await admin.ask("POST", "milady-sync", "/v1/syncs", 202, json={"scope": "enrollment", "id": work.enrollment})


async def _student(stage: Stage, verdict: Verdict, work: Work, more: More) -> None:
    name, admin = work.student.name, stage.people["Admin"]
    entries = await agreement.every(work.student, "compliance", "/v1/hours", enrollment_id=work.enrollment)
    own = [entry for entry in entries if entry["source"] == "manual"]
    verdict.once(f"ledger of {name}", work.minutes, [entry["external_key"] for entry in own])
    verdict.once(f"voids of {name}", work.voided, [entry["external_key"] for entry in own if entry["status"] == "voided"])
    kept = sum(minutes for key, minutes in work.minutes.items() if key not in work.voided)
    verdict.sum(f"minutes of {name}", kept, sum(entry["minutes"] for entry in own))
    lms = sum(entry["minutes"] for entry in entries if entry["source"] == "lms")
    verdict.sum(f"theory minutes of {name}", more.studied.get(work.enrollment, 0), lms)
    weeks = await agreement.every(work.student, "compliance", f"/v1/enrollments/{work.enrollment}/weeks")
    verdict.sum(f"weeks of {name}", sum(entry["minutes"] for entry in entries), sum(week["logged_minutes"] for week in weeks))
    services = await agreement.every(work.student, "skills", "/v1/entries", enrollment_id=work.enrollment)
    verdict.once(f"services of {name}", work.services, [entry["id"] for entry in services])
    approved = [entry["id"] for entry in services if entry["status"] == "approved"]
    verdict.once(f"approvals of {name}", more.approved & work.services, approved)
    verdict.same(f"portal of {name}", await agreement.owners(admin, work.enrollment), await agreement.portal(stage, work.enrollment))
    await _audited(stage, verdict, work)


async def _audited(stage: Stage, verdict: Verdict, work: Work) -> None:
    counted = "select action, count(*) as n from audit_entry where subject_id = $1 group by action"
    rows = await looking.rows(stage.stack, "compliance", counted, UUID(work.student.id))
    trail = {row["action"]: row["n"] for row in rows}
    verdict.sum(f"audit of hours of {work.student.name}", len(work.minutes), trail.get("hours.submit", 0))
    verdict.sum(f"audit of voids of {work.student.name}", len(work.voided), trail.get("hours.void", 0))


async def _newcomers(stage: Stage, verdict: Verdict, load: Load, more: More) -> None:
    admin = stage.people["Admin"]
    enrolled = await agreement.every(admin, "onboarding", "/v1/enrollments", program_id=load.program)
    everyone = [one.enrollment for one in (*load.newcomers, *load.work)]
    verdict.once("enrollments", everyone, [one["id"] for one in enrolled])
    milady = (await stage.sandbox.get("/control/state")).json()["students"]
    places = [(student["email"].lower(), one["course_code"]) for student in milady for one in student["enrollments"]]
    staying = {one.email.lower() for one in load.newcomers if one.enrollment not in more.withdrawn}
    leaving = {one.email.lower() for one in load.newcomers} - staying
    wanted = [(email, course) for email in staying for course in COURSES]
    verdict.once("places in Milady", wanted, [place for place in places if place[0] in staying])
    # Who left may have done so before there was a place; who stayed a while has one.
    before = [place for place in places if place[0] in leaving]
    verdict.once("places in Milady of those who left", set(before), before)
    gone = [one["id"] for one in enrolled if one["status"] == "withdrawn"]
    verdict.once("withdrawals", more.withdrawn, gone)
    at_once = asyncio.Semaphore(6)

    async def look(one: Newcomer) -> None:
        async with at_once:
            with _or_lost(verdict, one.email):
                await _newcomer(stage, verdict, one, stays=one.email.lower() in staying)

    await asyncio.gather(*(look(one) for one in load.newcomers))


async def _newcomer(stage: Stage, verdict: Verdict, one: Newcomer, *, stays: bool) -> None:
    """The welcome, once, and the portal. Whoever left may have done so before being welcome."""
    admin = stage.people["Admin"]
    listed = await agreement.every(admin, "messaging", "/v1/notifications", recipient_id=one.id)
    told = [(each["kind"], each["status"]) for each in listed]
    welcome = [("welcome", "sent")] if stays or len(told) > 1 else []
    verdict.once(f"mail to {one.email}", [("email-verification", "sent"), *welcome], told)
    verdict.same(f"portal of {one.email}", await agreement.owners(admin, one.enrollment), await agreement.portal(stage, one.enrollment))


async def _assignments(stage: Stage, verdict: Verdict, more: More) -> None:
    """Who may see whom, at the owner and in every service that keeps it."""
    admin = stage.people["Admin"]
    listed = await agreement.every(admin, "onboarding", "/v1/assignments", partner_id=more.partner.id)
    verdict.once("assignments", more.assigned.items(), [(one["id"], one["active"]) for one in listed])
    kept = "select grant_id::text as id, active from access_grant where viewer_id = $1"
    for service in ("milady-sync", "skills", "compliance", "portal"):
        rows = await looking.rows(stage.stack, service, kept, UUID(more.partner.id))
        verdict.once(f"who sees whom in {service}", more.assigned.items(), [(row["id"], row["active"]) for row in rows])


async def _mails(stage: Stage, verdict: Verdict) -> None:
    """Every message that was asked for was sent, and is one mail."""
    sent = {str(row["id"]): row["status"] for row in await looking.rows(
        stage.stack, "messaging", "select message_id as id, status from message")}  # fmt: skip
    verdict.once("messages sent", sent, [name for name, status in sent.items() if status == "sent"])
    verdict.once("mails", sent, [file.stem for file in (stage.stack.home / "outbox").glob("*.eml")])
    for service in waiting.EVERY_SERVICE:
        wanted = {json.loads(row["value"])["message_id"] for row in await looking.rows(stage.stack, service, ASKED)}
        verdict.once(f"messages that {service} asked for", wanted, wanted & sent.keys())


async def _applied(stage: Stage, verdict: Verdict) -> None:
    """What every consumer has in its inbox it did once, by the account that the patched build keeps in the same transaction."""
    for group in looking.groups():
        claimed = await looking.rows(stage.stack, group.service, "select message_id from inbox where consumer = $1", group.name)
        done = await looking.rows(stage.stack, group.service, "select message_id from applied where consumer = $1", group.name)
        verdict.once(f"applied by {group.name}", [row["message_id"] for row in claimed], [row["message_id"] for row in done])


async def _delivery(broken: Breakable, verdict: Verdict) -> None:
    """Outboxes against topics, topics against inboxes, letters, and chains."""
    stack: Any = broken.live.stack
    verdict.in_order("topic", await ordering.committed(stack), await ordering.published(stack))
    verdict.disordered += await ordering.turned_around(stack)
    verdict.lost += await ordering.not_applied(stack)
    verdict.other += [f"dead letter {letter}" for letter in await looking.unplanned_letters(stack)]
    for service, done in (await waiting.told(broken.live, "audit", "verify")).items():
        if done.returncode or "0 not sealed yet" not in done.stdout:
            verdict.other.append(f"audit chain of {service}: {done.stdout}{done.stderr}")
