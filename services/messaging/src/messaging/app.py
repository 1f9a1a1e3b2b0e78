"""The messaging service, composed."""

from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from messaging.api import router
from messaging.consumers import inbox
from messaging.delivery import deliver
from messaging.records import HOLDINGS
from messaging.rights import RIGHTS
from messaging.settings import MessagingSettings

service = Service(
    "messaging",
    KINDS,
    settings=MessagingSettings,
    routers=[router],
    rights=RIGHTS,
    inboxes=[inbox],
    tasks=[deliver],
    audit_event=recorded,
    holdings=HOLDINGS,
)
