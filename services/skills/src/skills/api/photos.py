"""Before and after, in pictures."""

from typing import Annotated, Literal
from uuid import UUID

from chassis.http import Route, SignedIn, caller_of, location
from chassis.limits import UPLOAD_BYTES
from fastapi import APIRouter, Form, Request, Response, UploadFile

from skills import photos
from skills.imaging import MOST_BYTES
from skills.schemas import EntryOut

router = APIRouter(prefix="/v1/entries/{entry_id}/photos", route_class=Route, tags=["photos"])
Kind = Literal["before", "after"]
KEPT_BY_BROWSERS = {"Cache-Control": "private, max-age=300", "X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"}


@router.post("", status_code=201, operation_id="addPhoto", max_body_size=UPLOAD_BYTES)
async def add_photo(
    entry_id: UUID, kind: Annotated[Kind, Form()], file: UploadFile, who: SignedIn, request: Request, answer: Response
) -> EntryOut:
    """A JPEG, PNG or WebP file up to 10 MB in place of the photo before; sent twice it is there once, so it needs no Idempotency-Key."""
    content = await file.read(MOST_BYTES + 1)
    row = await photos.keep(request.app.state.context, who, caller_of(request), entry_id, kind, content)
    answer.headers["Location"] = location("/v1/entries", entry_id, "photos", kind)
    return EntryOut.of(row)


@router.get("/{kind}", operation_id="getPhoto", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
async def get_photo(entry_id: UUID, kind: Kind, who: SignedIn, request: Request, size: Literal["full", "thumbnail"] = "full") -> Response:
    """The picture, for whoever may see the entry."""
    content = await photos.show(request.app.state.context, who, caller_of(request), entry_id, kind, size)
    return Response(content, media_type="image/jpeg", headers=KEPT_BY_BROWSERS)
