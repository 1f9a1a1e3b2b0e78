"""`/services/{id}`: one practical service with its photos; its student corrects it, and who supervises them decides it."""

from typing import Any, Literal
from uuid import UUID

from chassis.limits import UPLOAD_BYTES
from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from portal.clients import OnBehalf, Services
from portal.forms import answered, noticed, optional, text, whole
from portal.pages import entries
from portal.queries import services
from portal.rendering import html
from portal.sessions import Session
from portal.web import NAMED, PageNotThere, PageRoute, Who, resources

router = APIRouter(prefix="/services", route_class=PageRoute, include_in_schema=False, dependencies=[NAMED])
DECIDERS = frozenset(("program_holder", "worksite", "admin"))


@router.get("/{entry_id}")
async def page(request: Request, entry_id: UUID, session: Who) -> Response:
    """The service as `skills` has it, since photos and words are kept there alone."""
    return html(request, "service.html", error=None, done=None, values={}, **await _found(request, session, entry_id))


async def _found(request: Request, session: Session, entry_id: UUID) -> dict[str, Any]:
    """The service, and what the one who asks may do with it. Raises PageNotThere, or Refused by `skills`."""
    async with request.app.state.context.database.transaction(session.principal, session.caller) as tx:
        known = await services.entry(tx, entry_id)
    if known is None:
        raise PageNotThere("There is no such service, or it is not one that you may see.")
    told = await resources(request).services.json(session.asks, "skills", "GET", f"/v1/entries/{entry_id}")
    own = known.student_id == session.principal.user_id
    decides = not own and told["status"] == "pending" and bool(session.principal.roles & DECIDERS)
    corrects = own and told["status"] in ("draft", "rejected")
    return {"entry": told, "known": known, "decides": decides, "corrects": corrects}


@router.get("/{entry_id}/photos/{kind}")
async def photo(
    request: Request,
    entry_id: UUID,
    kind: Literal["before", "after"],
    session: Who,
    size: Literal["full", "thumbnail"] = "full",
) -> Response:
    """A photo; `skills` decides who may see it."""
    params = {"size": size} if size == "thumbnail" else {}
    calls = resources(request).services
    found = await calls.call(session.asks, "skills", "GET", f"/v1/entries/{entry_id}/photos/{kind}", params=params)
    headers = {"Cache-Control": "private, max-age=300", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(found.content, media_type=found.headers.get("content-type"), headers=headers)


@router.post("/{entry_id}/correction", max_body_size=UPLOAD_BYTES)
async def correct(request: Request, entry_id: UUID, session: Who) -> Response:
    """Corrects a rejected service and hands it in again."""
    form = await request.form()
    context = await _found(request, session, entry_id)
    calls = resources(request).services

    async def work() -> str:
        changed = entries.entry_of(form, context["known"].time_zone)
        await calls.call(session.asks, "skills", "PATCH", f"/v1/entries/{entry_id}", json=changed)
        return await entries.submit(calls, session.asks, str(entry_id), form)

    return await answered(request, "forms/correction.html", work, then="/student", form=form, context=context, page="service.html")


@router.post("/{entry_id}/decision")
async def decide(request: Request, entry_id: UUID, session: Who) -> Response:
    """Approves or rejects at `skills`, which tells the second of two deciders that they were late."""
    form = await request.form()
    calls = resources(request).services
    return await noticed(request, lambda: _decide(calls, session.asks, entry_id, form), then="/program-holder")


async def _decide(calls: Services, asks: OnBehalf, entry_id: UUID, form: FormData) -> str:
    key = optional(form, "key")
    if text(form, "decision") == "reject":
        feedback = {"feedback": text(form, "feedback")}
        await calls.call(asks, "skills", "POST", f"/v1/entries/{entry_id}/rejection", key=key, json=feedback)
        return "Rejected. The student sees your feedback and can correct it."
    rating = whole(form, "supervisor_rating", "Your rating") if optional(form, "supervisor_rating") else None
    await calls.call(asks, "skills", "POST", f"/v1/entries/{entry_id}/approval", key=key, json={"supervisor_rating": rating})
    return "Approved. It counts towards the quota."
