"""Who may call what here (SPEC 3.10)."""

from chassis.records import EXPORT
from chassis.rights import SIGNED_IN, Reach, Rights, may, scoped
from contracts.scopes import Scope

RECORD = may(person=Reach.OWN, partner=Reach.ASSIGNED, admin=Reach.EVERY)
OWN = may(person=Reach.OWN)
DECIDE = may(program_holder=Reach.ASSIGNED, worksite=Reach.ASSIGNED, admin=Reach.EVERY)
UNPROTECTED = {"program": "read by whoever is signed in: it is nobody's record"}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "logService": OWN,
    "listEntries": scoped(RECORD, Scope.PROGRESS_READ),
    "getEntry": scoped(RECORD, Scope.PROGRESS_READ),
    "changeEntry": OWN,
    "submitEntry": OWN,
    "addPhoto": OWN,
    "getPhoto": scoped(RECORD, EXPORT),
    "approveEntry": DECIDE,
    "rejectEntry": DECIDE,
    "approveAll": DECIDE,
    "listSkills": SIGNED_IN,
    "getCompetency": scoped(RECORD, Scope.PROGRESS_READ),
}
