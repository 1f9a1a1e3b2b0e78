"""A practical service from the form to `skills`: the entry, its photos, and its submission; once more where a step was refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from portal.clients import OnBehalf, Services
from portal.forms import FieldWrong, optional, text, upload, whole
from portal.queries.standings import Standing

PHOTOS = ("before", "after")


def entry_of(form: FormData, zone: str) -> dict[str, Any]:
    """The body of an entry; times are typed as they read in the program's zone. Raises FieldWrong."""
    try:
        local = datetime.fromisoformat(text(form, "performed_at")).replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise FieldWrong("When: choose the day and the time at which you did it.") from error
    return {
        "service_name": text(form, "service_name"),
        "performed_at": local.astimezone(UTC).isoformat(),
        "duration_minutes": whole(form, "duration_minutes", "Minutes"),
        "client_identifier": text(form, "client_identifier"),
        "self_rating": whole(form, "self_rating", "Your rating"),
        "description": optional(form, "description"),
    }


async def draft(calls: Services, asks: OnBehalf, form: FormData, active: Sequence[Standing]) -> str:
    """Makes the entry, or corrects the one that an earlier try made. Returns its id. Raises FieldWrong or Refused."""
    enrollment_id, _, skill_code = text(form, "skill").partition("/")
    zone = next((each.time_zone for each in active if str(each.enrollment_id) == enrollment_id), None)
    if zone is None:
        raise FieldWrong("Service: choose what you did from the list.")
    entry = {"skill_code": skill_code, **entry_of(form, zone)}
    if entry_id := optional(form, "entry_id"):
        await calls.call(asks, "skills", "PATCH", f"/v1/entries/{entry_id}", json=entry)
        return entry_id
    whole_entry = {"enrollment_id": enrollment_id, **entry}
    made = await calls.json(asks, "skills", "POST", "/v1/entries", key=optional(form, "key"), json=whole_entry)
    return str(made["id"])


async def submit(calls: Services, asks: OnBehalf, entry_id: str, form: FormData) -> str:
    """Stores the photos that were chosen, then hands the entry in for approval. Returns the sentence that says so."""
    for kind in PHOTOS:
        if photo := upload(form, kind):
            files = {"file": (photo.filename or kind, await photo.read(), photo.content_type or "application/octet-stream")}
            await calls.call(asks, "skills", "POST", f"/v1/entries/{entry_id}/photos", data={"kind": kind}, files=files)
    await calls.call(asks, "skills", "POST", f"/v1/entries/{entry_id}/submission")
    return f"Sent for approval: {text(form, 'service_name')}."
