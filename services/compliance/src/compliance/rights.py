"""Who may call what here (SPEC 3.10)."""

from chassis.rights import Reach, Rights, may, only

RECORD = may(person=Reach.OWN, partner=Reach.ASSIGNED, admin=Reach.EVERY)
UNPROTECTED = {
    "program": "read by whoever is signed in: it is nobody's record",
    "scan": "counts of a whole zone, for administrators",
    "sync_run": "how fresh Milady's data is, for administrators",
}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "submitHours": may(student=Reach.OWN, partner=Reach.ASSIGNED),
    "listHours": RECORD,
    "getHours": RECORD,
    "voidHours": may(person=Reach.OWN, admin=Reach.EVERY),
    "listWeeks": RECORD,
    "listAlerts": RECORD,
    "getAlert": RECORD,
    "runScan": only("admin"),
    "listScans": only("admin"),
    "getScan": only("admin"),
}
