"""What identity consists of."""

from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from identity import cli, consumers
from identity.api import clients, consents, exports, keys, mailed, oauth, passkeys, passwords, people, roles, sessions, totp
from identity.exports import gather
from identity.jobs import JOBS
from identity.passwords import passwords as hashing
from identity.records import HOLDINGS
from identity.rights import RIGHTS
from identity.settings import IdentitySettings

service = Service(
    "identity",
    KINDS,
    settings=IdentitySettings,
    routers=[
        *(people.router, passwords.router, mailed.router, consents.router, sessions.router, totp.router, passkeys.router),
        *(roles.router, keys.router, clients.router, oauth.router, exports.router),
    ],
    rights=RIGHTS,
    inboxes=[consumers.inbox],
    jobs=JOBS,
    tasks=[gather],
    resources=hashing,
    audit_event=recorded,
    holdings=HOLDINGS,
)
service.commands = cli.commands(service)
