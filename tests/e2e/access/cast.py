"""Who calls: every kind of principal towards one student's records, and every kind of broken token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx
from contracts.people import PARTNER_ROLES
from dev.demo.stage import Person, Stage, eventually
from dev.live import Live

from .. import looking, people
from ..apprentice import Apprentice, apprentice
from ..forging import Forger, another_key, forger

ZONE = "America/Boise"
BROKEN = ("nobody", "expired", "another audience", "another key", "algorithm none", "tampered")


@dataclass(frozen=True)
class Principal:
    """One column of the matrix: `kind` and `roles` as the token says them."""

    name: str
    kind: str = "student"
    roles: tuple[str, ...] = ()


_PARTNERS = [(str(role), how) for role, how in product(PARTNER_ROLES, ("assigned", "formerly", "stranger"))]
ASSIGNED = tuple(f"{role} {how}" for role, how in _PARTNERS if how == "assigned")
PRINCIPALS = {
    one.name: one
    for one in (
        *map(Principal, (*BROKEN, "student", "other student")),
        *(Principal(f"{role} {how}", "partner", (role,)) for role, how in _PARTNERS),
        Principal("admin", "admin", ("admin",)),
    )
}


@dataclass
class Cast:
    """Everyone with a token of their own; `ids` fill the requests, `marks` are what nobody out of reach may be told."""

    stage: Stage
    made: Apprentice
    http: httpx.AsyncClient
    forger: Forger
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()

    def headers(self, who: Principal) -> dict[str, str]:
        """What the principal sends along. A broken token is that of the administrator but for what is broken."""
        if who.name in BROKEN:
            token = self._broken(who.name)
            return {"Authorization": f"Bearer {token}"} if token else {}
        return {"Authorization": self.people[who.name].http.headers["Authorization"]}

    def _broken(self, how: str) -> str | None:
        forger = self.forger
        admin: dict[str, Any] = {"sub": self.people["admin"].id, "kind": "admin", "roles": ["admin"]}
        tokens = {
            "nobody": lambda: None,
            "expired": lambda: forger.token(**admin, exp=1),
            "another audience": lambda: forger.token(**admin, aud="somebody-else"),
            "another key": lambda: forger.token(**admin, key=another_key()),
            "algorithm none": lambda: forger.unsigned(**admin),
            "tampered": forger.tampered,
        }
        return tokens[how]()

    def person(self, who: Principal) -> Person:
        """Whose account a request may name; the student's for those who have none."""
        return self.people.get(who.name, self.made.student)


@asynccontextmanager
async def open_cast(live: Live, stage: Stage) -> AsyncIterator[Cast]:
    """Makes everyone, through the doors that people use."""
    made = await apprentice(stage, ZONE)
    async with httpx.AsyncClient(base_url=live.url, timeout=30) as http:
        cast = Cast(stage, made, http, await forger(live, made.student))
        cast.people |= {"student": made.student, "program_holder assigned": made.holder, "admin": await people.administrator(stage)}
        cast.people["other student"] = await people.somebody(stage, "Other")
        for role, how in _PARTNERS:
            if f"{role} {how}" not in cast.people:
                cast.people[f"{role} {how}"] = await _partner(cast, role, how)
        await _ids(cast)
        await looking.settled(stage.stack)
        yield cast


async def _partner(cast: Cast, role: str, how: str) -> Person:
    partner = await people.partner(cast.stage, role, "Partner")
    if how != "stranger":
        admin = cast.people["admin"]
        wanted = {"student_id": cast.made.student.id, "partner_id": partner.id, "program_id": cast.made.ids["program_id"], "role": role}
        assigned = await admin.ask("POST", "onboarding", "/v1/assignments", 201, json=wanted)
        if how == "formerly":
            await admin.ask("DELETE", "onboarding", f"/v1/assignments/{assigned['id']}", 204)
    return partner


async def _ids(cast: Cast) -> None:
    """What requests name; and an applicant, a run and an entry for those commands that need one."""
    student, made, stage = cast.made.student, cast.made, cast.stage
    applicant = await people.somebody(stage, "Applicant")
    await applicant.ask("POST", "onboarding", "/v1/partners", 201, json={"role": "worksite"})
    run = await made.holder.ask("POST", "milady-sync", "/v1/syncs", 202, json={"scope": "enrollment", "id": made.enrollment})
    spare = await people.partner(stage, "worksite", "Spare")
    document = await made.holder.ask("GET", "onboarding", f"/v1/documents/{made.ids['document_id']}")

    async def over() -> Any:
        return (await made.holder.ask("GET", "milady-sync", f"/v1/syncs/{run['id']}"))["state"] == "finished"

    await eventually("the end of the sync", over)
    cast.ids = made.ids | {
        "user_id": student.id, "recipient_id": student.id, "subject_id": student.id, "email": student.email,
        "sync_id": run["id"], "applicant_id": applicant.id, "spare_id": spare.id, "document_hash": document["content_hash"],
    }  # fmt: skip
    cast.marks = frozenset(
        {student.id, student.email, student.name, *(made.ids[name] for name in ("enrollment_id", "log_id", "alert_id", "entry_id"))}
    )
    await eventually("the applicant's name at onboarding", lambda: _named(cast, applicant))


async def _named(cast: Cast, applicant: Person) -> bool:
    found = await cast.people["admin"].ask("GET", "onboarding", f"/v1/partners/{applicant.id}", (200, 404))
    return found.get("name") is not None
