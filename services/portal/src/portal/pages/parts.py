"""Parts of pages that keep themselves current: each names its template, the changes that concern it, and what it reads."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Transaction
from fastapi import Request, Response

from portal.rendering import html
from portal.sessions import Session
from portal.web import PageNotThere

Load = Callable[[Transaction, Session, datetime], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Part:
    """`name` is also the last part of its address, `on` are groups of `portal.live.GROUPS`."""

    name: str
    title: str
    on: tuple[str, ...]
    load: Load

    @property
    def template(self) -> str:
        """Its template."""
        return f"parts/{self.name}.html"

    @property
    def trigger(self) -> str:
        """When htmx fetches it anew."""
        return ", ".join(f"sse:{group}" for group in self.on)


async def loaded(parts: Iterable[Part], tx: Transaction, session: Session, now: datetime) -> dict[str, Any]:
    """Everything that the parts of a page need; parts that share a reader share what it read."""
    context: dict[str, Any] = {}
    for load in dict.fromkeys(part.load for part in parts):
        context |= await load(tx, session, now)
    return context


async def one(request: Request, parts: Iterable[Part], name: str, tx: Transaction, session: Session, now: datetime) -> Response:
    """A single part, as it is now. Raises PageNotThere."""
    for part in parts:
        if part.name == name:
            return html(request, part.template, **await part.load(tx, session, now))
    raise PageNotThere("This part of the page does not exist.")
