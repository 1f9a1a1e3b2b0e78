"""Who may call what here (SPEC 3.10)."""

from chassis.rights import Reach, Rights, may, only, scoped
from contracts.scopes import Scope

RECORD = may(person=Reach.OWN, partner=Reach.ASSIGNED, admin=Reach.EVERY)
RUN = may(program_holder=Reach.OWN, admin=Reach.EVERY)
UNPROTECTED = {"program": "read by whoever is signed in: it is nobody's record"}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "startSync": may(program_holder=Reach.ASSIGNED, admin=Reach.EVERY),
    "listSyncs": RUN,
    "getSync": RUN,
    "listProvisionings": RECORD,
    "retryProvisioning": only("admin"),
    "getProgress": scoped(RECORD, Scope.PROGRESS_READ),
    "listTime": RECORD,
    "launchCourse": may(person=Reach.OWN),
}
