"""A sandbox of its own for every test, reached over HTTP as Chairside's clients reach it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from dev.sandbox.server import running
from dev.sandbox.settings import Settings

NORTH, SOUTH = "token-of-north", "token-of-south"


@dataclass
class Sandbox:
    """Clients of one sandbox: two tenants of Milady, and whoever stands outside with the control API."""

    url: str
    north: httpx.Client
    south: httpx.Client
    open: httpx.Client

    def student(self, email: str = "ada@example.org", **profile: str) -> dict[str, Any]:
        answer = self.north.post("students", json={"email": email, "first_name": "Ada", "last_name": "Lovelace", **profile})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def enrollment(self, email: str = "ada@example.org", course: str = "rise-wellbeing-safety") -> dict[str, Any]:
        student = self.student(email)
        answer = self.north.post("enrollments", json={"student_id": student["student_id"], "course_code": course})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def study(self, hours: str, on: str = "2026-11-16", **more: Any) -> dict[str, Any]:
        order = {
            "student_email": "ada@example.org",
            "course": "rise-wellbeing-safety",
            "activity": "video",
            "hours": hours,
            "on": on,
            **more,
        }
        answer = self.open.post("control/study", json=order)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def faults(self, **settings: Any) -> None:
        answer = self.open.put("control/faults", json=settings)
        assert answer.status_code == 200, answer.text

    def clock(self, **order: Any) -> str:
        answer = self.open.put("control/clock", json=order)
        assert answer.status_code == 200, answer.text
        return answer.json()["now"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(Settings(tokens={NORTH: "north", SOUTH: "south"}, port=0)) as url:
        api = f"{url}/milady/api/v1"
        with (
            httpx.Client(base_url=api, headers={"Authorization": f"Bearer {NORTH}"}, verify=False) as north,
            httpx.Client(base_url=api, headers={"Authorization": f"Bearer {SOUTH}"}, verify=False) as south,
            httpx.Client(base_url=url, verify=False) as outside,
        ):
            yield Sandbox(url, north, south, outside)
