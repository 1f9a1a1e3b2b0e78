"""What milady-sync asks of Milady. Every method raises MiladyError."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from milady_sync.client import answers
from milady_sync.client.errors import MiladyMalformed
from milady_sync.client.transport import EXISTS, Transport
from milady_sync.domain import Progress, TimeEntry
from milady_sync.settings import MiladySettings

PER_PAGE, MOST_PAGES = 200, 500
READ_AGAIN = 3
PERSON_WAITS = 6.0


@dataclass(frozen=True, slots=True)
class Launch:
    """An address that opens one course once. It is a credential: it shows in no log."""

    url: str = field(repr=False)
    expires_at: datetime | None


class Milady:
    """One tenant of Milady CIMA."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def refuse_while_down(self) -> None:
        """Raises MiladyDown at once while Milady is left alone, for work that need not begin now."""
        await self._transport.refuse_while_down()

    async def find_or_create_student(self, user_id: UUID, email: str, first_name: str, last_name: str) -> str:
        """Milady's id of the student with that address, whose account is made where there is none."""
        profile = {"email": email, "first_name": first_name, "last_name": last_name, "external_id": str(user_id)}
        status, answer = await self._transport.ask("POST", "students", json=profile)
        return answers.existing_id(answer, "student_id") if status == EXISTS else answers.student_id(answer)

    async def find_or_enroll(self, milady_student_id: str, course_code: str) -> str:
        """Milady's id of the student's place in the course, which is made where there is none."""
        wanted = {"student_id": milady_student_id, "course_code": course_code}
        status, answer = await self._transport.ask("POST", "enrollments", json=wanted)
        return answers.existing_id(answer, "enrollment_id") if status == EXISTS else answers.place_id(answer)

    async def progress(self, milady_enrollment_id: str) -> Progress:
        """Where the student stands in the course."""
        _, answer = await self._transport.ask("GET", f"enrollments/{_part(milady_enrollment_id)}/progress")
        return answers.progress(answer)

    async def time_entries(self, milady_enrollment_id: str, since: date) -> tuple[TimeEntry, ...]:
        """Every entry from that date on, of all pages; read anew when the list changed while its pages were turned."""
        for _ in range(READ_AGAIN):
            entries, expected = await self._turn_pages(milady_enrollment_id, since)
            if len(entries) == expected:
                return tuple(entry for entry in entries if entry.slot.work_date >= since)
        raise MiladyMalformed("Milady's pages do not hold as many time entries as Milady says that there are.")

    async def _turn_pages(self, milady_enrollment_id: str, since: date) -> tuple[list[TimeEntry], int]:
        entries: list[TimeEntry] = []
        number, last, expected = 1, 1, 0
        while number <= min(last, MOST_PAGES):
            query: dict[str, Any] = {"from": since.isoformat(), "page": number, "per_page": PER_PAGE}
            _, answer = await self._transport.ask("GET", f"enrollments/{_part(milady_enrollment_id)}/time-tracking", params=query)
            entries += answers.time_entries(answer)
            last, expected = answers.pages(answer)
            number += 1
        return entries, expected

    async def launch(self, milady_student_id: str, milady_enrollment_id: str) -> Launch:
        """A one-time address of the student's course; a person waits for it, so it is not tried for long."""
        wanted = {"student_id": milady_student_id, "enrollment_id": milady_enrollment_id}
        _, answer = await self._transport.ask("POST", "sso/launch", json=wanted, patience=PERSON_WAITS)
        return Launch(*answers.launch(answer))


def _part(value: str) -> str:
    return quote(value, safe="")


@asynccontextmanager
async def connect(settings: MiladySettings) -> AsyncIterator[Milady]:
    """Milady as the settings name it; connections are closed at the end."""
    headers = {"Authorization": f"Bearer {settings.milady_token.get_secret_value()}", "Accept": "application/json"}
    limits = httpx.Limits(max_connections=20)
    timeout = httpx.Timeout(settings.milady_timeout, connect=min(3.0, settings.milady_timeout))
    base = settings.milady_url.rstrip("/") + "/api/v1/"
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=timeout, limits=limits) as http:
        yield Milady(Transport(http, rate=settings.milady_rate))
