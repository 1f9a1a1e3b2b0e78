"""Composes the service."""

from chassis.service import Service
from contracts import audit
from contracts.people import KINDS

from skills import api, consumers
from skills.records import HOLDINGS
from skills.rights import RIGHTS

service = Service(
    "skills", KINDS, routers=api.ROUTERS, rights=RIGHTS, inboxes=[consumers.inbox], audit_event=audit.recorded, holdings=HOLDINGS
)
