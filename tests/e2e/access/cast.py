"""Who calls: every kind of principal towards one student's records, machine clients, and every kind of broken token."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx
from contracts.people import PARTNER_ROLES
from contracts.scopes import Scope
from dev.authenticator import Authenticator
from dev.demo import acts
from dev.demo.stage import Person, Stage, StoryError, eventually
from dev.live import Live
from identity.domain.factors import ENROLL

from .. import agreement, looking, people
from ..apprentice import CAP, Apprentice, apprentice
from ..forging import Forger, another_key, claims_of, forger
from .proofs import Client, Proven, client, proven

ZONE = "America/Boise"
FRESH_FOR = 180.0
NUMBERS = {"routing_number": "021000021", "account_number": "000123456789", "tax_id": "900-12-3456"}
SHOWN = (
    ("onboarding", "/v1/enrollments"), ("compliance", "/v1/alerts"), ("skills", "/v1/entries"),
    ("milady-sync", "/v1/enrollments/{enrollment_id}/progress"), ("portal", "/v1/students/{student_id}/progress"),
)  # fmt: skip
"""What the holder reads of the student, so that each service has a disclosure to tell of."""
BROKEN = ("nobody", "expired", "another audience", "another key", "algorithm none", "tampered")
WITH_SCOPE, WITHOUT_SCOPE, ENROLLING = "machine client with the scope", "machine client without it", "admin who must enroll"
NARROWED = (WITH_SCOPE, WITHOUT_SCOPE, ENROLLING)
"""Whose tokens are good for certain scopes alone."""


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
        Principal(WITH_SCOPE, "client"),
        Principal(WITHOUT_SCOPE, "client"),
        Principal(ENROLLING),
        Principal("payroll admin", "payroll_admin", ("payroll_admin",)),
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
    client: Client = field(init=False)
    proven: Proven = field(init=False)
    devices: dict[str, Authenticator] = field(default_factory=dict)
    woken_at: float = field(default_factory=time.monotonic)

    def headers(self, who: Principal, scope: str | None = None) -> dict[str, str]:
        """What the principal sends to an operation that `scope` opens. A broken token is the administrator's but for what is broken."""
        token = self._token(who, scope)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _token(self, who: Principal, scope: str | None) -> str | None:
        if who.name in BROKEN:
            return self._broken(who.name)
        if who.name == WITH_SCOPE:
            return self.client.token(Scope)
        if who.name == WITHOUT_SCOPE:
            return self.client.token(one for one in Scope if one != scope)
        token = self.people[who.name].token
        if who.name == ENROLLING:
            return self.forger.token(sub=self.people[who.name].id, sid=claims_of(token)["sid"], scope=ENROLL)
        return token

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

    async def stay_awake(self) -> None:
        """Fresh tokens long before those that there are, which are good for ten minutes, have run out."""
        if time.monotonic() - self.woken_at > FRESH_FOR:
            await self.wake()

    async def wake(self, *, anew: bool = False) -> None:
        """Fresh tokens for everyone whose session can go on, or begin; requests at random may have ended or locked it. With `anew`, of
        sessions that begin now: who changes how an account is proven, or ends it, has signed in within the last ten minutes."""
        self.woken_at = time.monotonic()
        for person in self.people.values():
            for way in [person.sign_in] if anew else [person.refresh, person.sign_in]:
                with suppress(StoryError):
                    await way()
                    break
        await self.client.renew(self.http)

    def person(self, who: Principal) -> Person:
        """Whose account a request may name; the student's for those who have none."""
        return self.people.get(who.name, self.made.student)


@asynccontextmanager
async def open_cast(live: Live, stage: Stage) -> AsyncIterator[Cast]:
    """Makes everyone, through the doors that people use. The administrator, who is the stack's, begins without a second factor."""
    await asyncio.to_thread(live.run, "identity", "remove-second-factors", "--email", people.ADMIN)
    made = await apprentice(stage, ZONE)
    async with httpx.AsyncClient(base_url=live.url, timeout=30) as http:
        cast = Cast(stage, made, http, await forger(live, made.student))
        cast.people |= {"student": made.student, "program_holder assigned": made.holder, "admin": await people.administrator(stage)}
        cast.people["payroll admin"] = await people.payroll_admin(stage, cast.people["admin"])
        cast.people["other student"] = await people.somebody(stage, "Other")
        cast.people[ENROLLING] = await people.somebody(stage, "Enrolling")
        cast.client, cast.proven = await client(cast.people["admin"]), await proven(stage)
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
    await made.holder.ask("PUT", "onboarding", "/v1/payroll-profiles/me", 200, json=NUMBERS)
    document = await made.holder.ask("GET", "onboarding", f"/v1/documents/{made.ids['document_id']}")
    await student.ask("POST", "identity", "/v1/consents", 201, json={"purpose": "photos", "wording": "My photos may be shown."})
    await student.ask("POST", "identity", "/v1/me/totp", 201)

    await acts.log_hours(student, made.enrollment, people.weeks_ago(4).isoformat(), CAP + 1)
    (over,) = await agreement.every(cast.people["admin"], "compliance", "/v1/hours", enrollment_id=made.enrollment, flag="over_cap")
    seen = {"Authorization": f"Bearer {cast.people['admin'].token}", "If-Match": "*"}
    (await cast.http.post(f"/api/compliance/v1/hours/{over['log_id']}/acceptance", headers=seen)).raise_for_status()
    nothing = {
        "rows": [{"enrollment_id": made.enrollment, "work_date": people.weeks_ago(4).isoformat(), "minutes": 0, "category": "theory"}]
    }
    sent = await student.ask("POST", "compliance", "/v1/hours/imports", 202, json=nothing)

    async def worked_off() -> Any:
        return (await student.ask("GET", "compliance", f"/v1/hours/imports/{sent['id']}"))["state"] == "done"

    closed = {"kind": "close", "zone": ZONE, "date": people.weeks_ago(4).isoformat()}
    await cast.people["admin"].ask("POST", "compliance", "/v1/scans", (200, 201), json=closed)

    for service, path in SHOWN:
        await made.holder.ask("GET", service, path.format(**made.ids))

    export = await student.ask("POST", "identity", f"/v1/users/{student.id}/export", 202)

    async def exported() -> Any:
        return (await student.ask("GET", "identity", f"/v1/exports/{export['id']}"))["state"] == "done"

    async def over() -> Any:
        return (await made.holder.ask("GET", "milady-sync", f"/v1/syncs/{run['id']}"))["state"] == "finished"

    await eventually("the end of the sync", over)
    await eventually("the export", exported)
    await eventually("the import", worked_off)
    cast.ids = made.ids | {
        "user_id": student.id, "person_id": student.id, "recipient_id": student.id, "subject_id": student.id, "email": student.email,
        "sync_id": run["id"], "applicant_id": applicant.id, "spare_id": spare.id, "document_hash": document["content_hash"],
        "purpose": "text_messages", "client_id": cast.client.id, "secret_id": cast.client.spare_id,
        "session_id": claims_of(student.token)["sid"],
        "holder_id": made.holder.id, "staff_role": "payroll_admin",
        "export_id": export["id"], "import_id": sent["id"],
    }  # fmt: skip
    cast.marks = frozenset(
        {student.id, student.email, student.name, *(made.ids[name] for name in ("enrollment_id", "log_id", "alert_id", "entry_id"))}
    )
    await eventually("the applicant's name at onboarding", lambda: _named(cast, applicant))


async def _named(cast: Cast, applicant: Person) -> bool:
    found = await cast.people["admin"].ask("GET", "onboarding", f"/v1/partners/{applicant.id}", (200, 404))
    return found.get("name") is not None
