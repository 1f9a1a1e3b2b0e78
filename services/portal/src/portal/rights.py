"""Who may call what here (SPEC 3.10)."""

from chassis.rights import Reach, Rights, may, only

RECORD = may(person=Reach.OWN, partner=Reach.ASSIGNED, admin=Reach.EVERY)
UNPROTECTED = {
    "program": "read by whoever is signed in: it is nobody's record",
    "sync_status": "how fresh Milady's data is; people's roles may read the columns that say so",
}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "getProgress": RECORD,
    "listAlerts": RECORD,
    "listAudit": only("admin"),
}
