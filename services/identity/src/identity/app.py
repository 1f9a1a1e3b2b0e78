"""What identity consists of."""

from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from identity import cli, consumers
from identity.api import keys, people, sessions
from identity.passwords import passwords
from identity.rights import RIGHTS

service = Service(
    "identity",
    KINDS,
    routers=[people.router, sessions.router, keys.router],
    rights=RIGHTS,
    inboxes=[consumers.inbox],
    resources=passwords,
    audit_event=recorded,
)
service.commands = cli.commands(service)
