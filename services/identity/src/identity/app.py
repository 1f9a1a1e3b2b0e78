"""What identity consists of."""

from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from identity import api, cli, consumers
from identity.passwords import passwords
from identity.rights import RIGHTS

service = Service(
    "identity",
    KINDS,
    routers=[api.router, api.well_known],
    rights=RIGHTS,
    inboxes=[consumers.inbox],
    resources=passwords,
    audit_event=recorded,
)
service.commands = cli.commands(service)
