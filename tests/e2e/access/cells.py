"""The matrix: every operation for every principal, with the answer that the rights promise (SPEC 3.10, 4)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httpx
from chassis.rights import PERSON, Reach
from contracts.scopes import Scope
from identity.domain.factors import ENROLL

from .cast import ASSIGNED, BROKEN, ENROLLING, NARROWED, PRINCIPALS, WITH_SCOPE, WITHOUT_SCOPE, Cast, Principal
from .operations import Operation, operations, text_of
from .requests import request

LAST = (
    "changeEntry", "submitEntry", "rejectEntry", "withdrawEnrollment", "endAssignment",
    "correctHours", "verifyHours", "rejectHours", "voidHours",
    "confirmTotp", "registerPasskey", "removePasskey", "removeTotp", "revokeClientSecret",
    "changePassword", "endSessionsOfUser", "endOtherSessions", "deactivateUser", "eraseUser", "endSession", "signOut",
)  # fmt: skip
"""What ends something that other cells need; of these, who may comes after who may not."""
OWNERS = {
    "getPartner": ["program_holder assigned"],
    "getOwnPartner": [
        f"{role} {how}" for role in ("program_holder", "worksite", "site_coordinator") for how in ("assigned", "formerly", "stranger")
    ],
    "getSignature": ["program_holder assigned"],
    "getSync": ["program_holder assigned"],
    "listSyncs": ["program_holder assigned"],
    "getAssignment": ["student", "program_holder assigned"],
    "listAssignments": ["student", *ASSIGNED, *(name.replace("assigned", "formerly") for name in ASSIGNED)],
    "getPayrollProfile": ["program_holder assigned"],
    "getOwnPayrollProfile": ["program_holder assigned"],
    "publishProgram": ["program_holder assigned", "program_holder formerly", "program_holder stranger"],
    "enrollStudent": ["program_holder assigned"],
    "withdrawEnrollment": ["program_holder assigned"],
}
"""Whose own the thing is that the cells of an operation name, where it is not the student's."""
UNMARKED = ("listSyncs", "listDisclosures")
"""What is no record of the student: its answers to those who may call it bear none of the student's marks."""


SCOPES: dict[str, Callable[[str], bool]] = {
    WITH_SCOPE: lambda scope: scope in set(Scope),
    WITHOUT_SCOPE: lambda _: False,
    ENROLLING: lambda scope: scope == ENROLL,
}
"""Whether the token of a narrowed principal is good for what a scope opens."""


class Expected(Enum):
    """What a cell's answer must be."""

    DONE = "done"
    UNSIGNED = "not signed in"
    REFUSED = "the role or the scope is missing"
    HIDDEN = "not there, or not allowed"
    NOTHING = "a list without a trace of it"


@dataclass(frozen=True)
class Cell:
    """One operation as one principal calls it."""

    operation: Operation
    who: Principal

    def __str__(self) -> str:
        return f"{self.operation} as {self.who.name}"

    @property
    def expected(self) -> Expected:
        """What the right of the operation promises this principal."""
        right = self.operation.right
        if right.open:
            return Expected.DONE
        if self.who.name in BROKEN:
            return Expected.UNSIGNED
        if self.who.name in NARROWED:
            return Expected.DONE if right.scope and SCOPES[self.who.name](right.scope) else Expected.REFUSED
        reaches = {right.reach[name] for name in {PERSON, self.who.kind, *self.who.roles} & right.reach.keys()}
        if not reaches:
            return Expected.REFUSED
        own = self.who.name in OWNERS.get(self.operation.name, ["student"])
        if Reach.EVERY in reaches or (Reach.ASSIGNED in reaches and self.who.name in ASSIGNED) or (Reach.OWN in reaches and own):
            return Expected.DONE
        return Expected.NOTHING if self.operation.lists else Expected.HIDDEN

    async def ask(self, cast: Cast, http: httpx.AsyncClient | None = None) -> httpx.Response:
        """The answer of the stack, or of whatever `http` speaks to."""
        headers, path, how = await request(self.operation, self.who, cast)
        address = path if http else f"/api/{self.operation.service}{path}"
        return await (http or cast.http).request(self.operation.method, address, headers=headers, **how)

    def misfit(self, answer: httpx.Response, cast: Cast) -> str | None:
        """What is wrong with the answer; None if it is the expected one."""
        if self._fits(answer, cast):
            return None
        return f"{self}: expected {self.expected.value}, got {answer.status_code} {answer.text[:300]}"

    def _fits(self, answer: httpx.Response, cast: Cast) -> bool:
        status, marked = answer.status_code, _marked(answer, cast)
        match self.expected:
            case Expected.DONE:
                reads = self.operation.method == "GET"
                told = (
                    bool(marked) or not (reads and self.operation.lists and self.operation.about_someone) or self.operation.name in UNMARKED
                )
                return (status < 300 and told) or (status == 409 and not reads)
            case Expected.UNSIGNED:
                return status == 401 and _is_problem(answer) and not marked
            case Expected.REFUSED:
                missing = "scope" if self.who.name in NARROWED else "role"
                return status == 403 and answer.json()["type"] == f"/problems/{missing}-required" and not marked
            case Expected.HIDDEN:
                return status in (403, 404) and _is_problem(answer) and not marked
            case Expected.NOTHING:
                return status == 200 and not marked


def _is_problem(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("content-type") == "application/problem+json")


def _marked(answer: httpx.Response, cast: Cast) -> set[str]:
    if "image" in answer.headers.get("content-type", ""):
        return {"a picture"}
    text = text_of(answer.content)
    return {mark for mark in cast.marks if mark in text}


def _order(cell: Cell) -> tuple[Any, ...]:
    """Readers first, then those who add, then those who end something; and in each who may not before who may."""
    name, reads = cell.operation.name, cell.operation.method == "GET"
    end = LAST.index(name) + 1 if name in LAST else 0
    return (not reads, end, cell.operation.service, name, cell.expected is Expected.DONE)


def matrix() -> list[Cell]:
    """Every cell, in an order in which none spoils another."""
    return sorted(_cells(), key=_order)


def _cells() -> Iterator[Cell]:
    for operation in operations():
        for who in PRINCIPALS.values():
            yield Cell(operation, who)
