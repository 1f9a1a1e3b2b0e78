"""What onboarding consists of."""

from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from onboarding import consumers
from onboarding.api import assignments, enrollments, papers, partners, programs
from onboarding.rights import RIGHTS

service = Service(
    "onboarding",
    KINDS,
    routers=[partners.router, papers.router, programs.router, enrollments.router, assignments.router],
    rights=RIGHTS,
    inboxes=[consumers.inbox],
    audit_event=recorded,
)
