"""What a person reaches through the APIs: every GET that the services describe, asked with somebody's ids."""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import Any

from dev.demo.stage import Person
from dev.stack import SERVICES

FILTERS = ("student_id", "enrollment_id", "recipient_id", "subject_id", "object_id", "email")
FILE, ANSWER = "a file", "an answer"
SHARED = ("program_id", "document_id")
"""Ids of what everyone who is signed in may read; an answer about any other id is a sight of the records."""
Address = tuple[str, str]


@dataclass(frozen=True)
class Records:
    """Somebody's records: `ids` fill the addresses (by service and name, or by name), `marks` are what nobody else may read."""

    ids: dict[str, str]
    marks: frozenset[str]

    def fill(self, service: str, path: str) -> str:
        """The path with its ids. Fails on one that this test does not know, so that a new address is thought about."""

        def known(match: re.Match[str]) -> str:
            name = match[1]
            found = self.ids.get(f"{service}.{name}") or self.ids.get(name)
            assert found, f"GET {service} {path}: tell tests/e2e/test_access.py which {name} is the student's"
            return found

        return re.sub(r"\{(\w+)\}", known, path)


async def addresses(person: Person) -> list[tuple[str, str, list[str]]]:
    """Every GET of every service: service, path, and the filters that it takes."""
    found = []
    for service in SERVICES:
        described = await person.ask("GET", service.name, "/openapi.json")
        for path, operations in described["paths"].items():
            if "get" in operations:
                queries = [one["name"] for one in operations["get"].get("parameters", []) if one["in"] == "query"]
                found.append((service.name, path, [name for name in FILTERS if name in queries]))
    return found


async def seen_by(person: Person, records: Records) -> dict[Address, set[str]]:
    """The addresses that show the person something of the records, with what it is."""
    seen: dict[Address, set[str]] = defaultdict(set)
    for service, path, filters in await addresses(person):
        wanted = [{}, *({name: records.ids[name]} for name in filters if name in records.ids)]
        for query, limit in product(wanted, ({"limit": "500"}, {})):
            answer = await person.http.get(f"/api/{service}{records.fill(service, path)}", params={**query, **limit})
            assert answer.status_code in (200, 403, 404), f"{person.name}: {answer.request.url}: {answer.status_code} {answer.text[:300]}"
            if answer.status_code == 200:
                seen[service, path] |= _shown(answer, records.marks, private=bool(set(re.findall(r"{(\w+)}", path)) - set(SHARED)))
    return {address: marks for address, marks in seen.items() if marks}


def _shown(answer: Any, marks: frozenset[str], *, private: bool) -> set[str]:
    if answer.headers["content-type"].startswith(("image/", "application/zip", "application/pdf")):
        return {FILE}
    seen = {mark for mark in marks if mark in answer.text}
    return seen | {ANSWER} if private and answer.json().get("items") != [] else seen
