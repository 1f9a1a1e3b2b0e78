"""Who may call what here (SPEC 3.10)."""

from chassis.rights import Reach, Rights, may, only

RECORD = may(person=Reach.OWN, partner=Reach.ASSIGNED, admin=Reach.EVERY)
RIGHTS: Rights = {
    "getProgress": RECORD,
    "listAlerts": RECORD,
    "listAudit": only("admin"),
}
