"""The pages that show a service's OpenAPI document, with scripts that come along: from elsewhere they would run on the portal's origin."""

import importlib.resources
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

PAGES = ("/docs", "/redoc")
FILES = {name: Path(str(importlib.resources.files("fastapi_offline") / "static" / name)) for name in (
    "swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "favicon.png",
)}  # fmt: skip


def add(app: FastAPI) -> None:
    """Adds the pages and their files to `app`, which has none of its own."""

    def at(name: str) -> str:
        return f"{app.root_path}/docs/{name}"

    @app.get("/docs", include_in_schema=False)
    async def swagger() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=f"{app.root_path}{app.openapi_url}", title=app.title, swagger_js_url=at("swagger-ui-bundle.js"),
            swagger_css_url=at("swagger-ui.css"), swagger_favicon_url=at("favicon.png"),
        )  # fmt: skip

    @app.get("/redoc", include_in_schema=False)
    async def redoc() -> HTMLResponse:
        return get_redoc_html(
            openapi_url=f"{app.root_path}{app.openapi_url}", title=app.title, redoc_js_url=at("redoc.standalone.js"),
            redoc_favicon_url=at("favicon.png"), with_google_fonts=False,
        )  # fmt: skip

    for name, file in FILES.items():
        app.add_api_route(f"/docs/{name}", lambda file=file: FileResponse(file), include_in_schema=False, response_model=None)
