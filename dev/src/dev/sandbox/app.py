"""Puts the sandbox together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from dev.sandbox import control, errors, home
from dev.sandbox.database import open_database
from dev.sandbox.middleware import OutsideWorld
from dev.sandbox.milady import api, pages
from dev.sandbox.settings import Settings
from dev.sandbox.state import Sandbox


def create_app(settings: Settings) -> FastAPI:
    """Give the application; its database is open from now until it shuts down. Raises SettingsError."""
    sandbox = Sandbox(open_database(settings.data), settings.tokens)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        sandbox.db.close()

    app = FastAPI(title="Chairside sandbox of outside systems", version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.sandbox = sandbox
    app.add_middleware(OutsideWorld, sandbox=sandbox)
    app.add_exception_handler(errors.Refused, errors.refused)
    app.add_exception_handler(RequestValidationError, errors.invalid)
    app.add_exception_handler(HTTPException, errors.unroutable)
    for router in (api.router, pages.router, control.router, home.router):
        app.include_router(router)
    app.add_api_route("/livez", _alive, include_in_schema=False)
    app.add_api_route("/readyz", _alive, include_in_schema=False)
    return app


async def _alive() -> dict[str, str]:
    return {"status": "ok"}
