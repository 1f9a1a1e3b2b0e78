"""The portal, composed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from chassis.service import Context, Service
from contracts.audit import recorded
from contracts.people import KINDS

from portal import api, consumers
from portal.clients import Services
from portal.live import Live, listening
from portal.pages import (
    account,
    admin,
    disclosures,
    files,
    holder,
    live,
    own_data,
    partners,
    recovery,
    second_factor,
    services,
    settings,
    student,
)
from portal.records import HOLDINGS
from portal.rights import RIGHTS
from portal.sessions import Sessions
from portal.settings import Settings
from portal.web import Resources

TIMEOUT = httpx.Timeout(20, connect=3)
SIGNED_IN = (settings, own_data, disclosures, partners, student, services, holder, admin, live)
PAGES = tuple(module.router for module in (account, second_factor, recovery, *SIGNED_IN))


@asynccontextmanager
async def resources(context: Context[Settings]) -> AsyncIterator[Resources]:
    """The clients of the other services, the sessions, and the ear for changes."""
    async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as http:
        calls = Services(context.settings.services_url, http)
        async with listening(Live(context.settings.database_url)) as ear:
            yield Resources(calls, Sessions(context.verifier, calls), ear)


service = Service(
    "portal",
    KINDS,
    settings=Settings,
    routers=[api.router],
    rights=RIGHTS,
    pages=[files.router, *PAGES, files.rest],
    inboxes=[consumers.inbox],
    resources=resources,
    audit_event=recorded,
    holdings=HOLDINGS,
)
