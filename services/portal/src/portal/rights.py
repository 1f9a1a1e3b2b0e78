"""Who may call what here (SPEC 3.10)."""

from chassis.rights import SIGNED_IN, Rights, only

RIGHTS: Rights = {
    "getProgress": SIGNED_IN,
    "listAlerts": SIGNED_IN,
    "listAudit": only("admin"),
}
