"""Who may call what here (SPEC 3.10)."""

from chassis.rights import SIGNED_IN, Rights, only

RIGHTS: Rights = {
    "submitHours": SIGNED_IN,
    "listHours": SIGNED_IN,
    "getHours": SIGNED_IN,
    "voidHours": SIGNED_IN,
    "listWeeks": SIGNED_IN,
    "listAlerts": SIGNED_IN,
    "getAlert": SIGNED_IN,
    "runScan": only("admin"),
    "listScans": only("admin"),
    "getScan": only("admin"),
}
