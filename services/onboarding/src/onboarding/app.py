"""What onboarding consists of."""

from chassis.service import Service
from contracts.audit import recorded
from contracts.people import KINDS

from onboarding import consumers
from onboarding.api import assignments, enrollments, papers, partners, payroll, programs
from onboarding.records import HOLDINGS
from onboarding.rights import RIGHTS
from onboarding.settings import OnboardingSettings

service = Service(
    "onboarding",
    KINDS,
    settings=OnboardingSettings,
    routers=[partners.router, papers.router, payroll.router, programs.router, enrollments.router, assignments.router],
    rights=RIGHTS,
    inboxes=[consumers.inbox],
    audit_event=recorded,
    holdings=HOLDINGS,
)
