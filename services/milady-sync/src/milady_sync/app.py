"""Composes the service."""

from chassis.service import Service
from contracts import audit
from contracts.people import KINDS

from milady_sync import api, cli, client, consumers, jobs
from milady_sync.records import HOLDINGS
from milady_sync.rights import RIGHTS
from milady_sync.settings import MiladySettings

service = Service(
    "milady-sync",
    KINDS,
    settings=MiladySettings,
    routers=[api.router],
    rights=RIGHTS,
    inboxes=[consumers.inbox, consumers.worker],
    jobs=jobs.JOBS,
    tasks=[jobs.request_what_is_due],
    resources=lambda context: client.connect(context.settings),
    audit_event=audit.recorded,
    holdings=HOLDINGS,
)
service.commands = cli.commands(service)
