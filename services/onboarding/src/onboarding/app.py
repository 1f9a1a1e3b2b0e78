"""What onboarding consists of."""

from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from onboarding import consumers
from onboarding.api import assignments, enrollments, papers, partners, programs

service = Service(
    "onboarding",
    KINDS,
    routers=[partners.router, papers.router, programs.router, enrollments.router, assignments.router],
    inboxes=[consumers.inbox],
    audit_event=recorded,
)
