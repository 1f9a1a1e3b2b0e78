"""Style sheets and scripts, from memory; and the answer to addresses that nothing else has."""

from fastapi import APIRouter, Request, Response
from starlette.convertors import StringConvertor, register_url_convertor

from portal.rendering import STATIC, STATIC_VERSION
from portal.web import PageNotThere, PageRoute


class NotTheApi(StringConvertor):
    """Any path but those of the JSON API, whose clients want problem documents."""

    regex = r"(?!v1(?:/|$)).*"


register_url_convertor("not_the_api", NotTheApi())
router = APIRouter(include_in_schema=False)
rest = APIRouter(route_class=PageRoute, include_in_schema=False)
FOR_GOOD = "public, max-age=31536000, immutable"


@router.get("/static/{version}/{name:path}")
async def static(version: str, name: str) -> Response:
    """A file of this build; under another build's address it is not kept by browsers."""
    if name not in STATIC:
        return Response("There is no such file.", 404)
    body, kind = STATIC[name]
    keep = FOR_GOOD if version == STATIC_VERSION else "no-cache"
    return Response(body, media_type=kind, headers={"Cache-Control": keep, "X-Content-Type-Options": "nosniff"})


@router.get("/favicon.ico")
async def favicon() -> Response:
    """The icon, for browsers that ask without being told."""
    return await static(STATIC_VERSION, "icon.svg")


@rest.get("/{path:not_the_api}")
async def missing(request: Request, path: str) -> Response:
    """Raises PageNotThere."""
    raise PageNotThere("Nothing was found at this address. Check it, or go on from the start page.")
