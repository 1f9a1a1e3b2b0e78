"""Who may call what here (SPEC 3.10)."""

from chassis.rights import ANYONE, SIGNED_IN, Rights, only

RIGHTS: Rights = {
    "listRolePackages": ANYONE,
    "applyAsPartner": SIGNED_IN,
    "listPartners": only("admin"),
    "getOwnPartner": SIGNED_IN,
    "getPartner": SIGNED_IN,
    "approvePartner": only("admin"),
    "getCurrentPacket": SIGNED_IN,
    "getDocument": SIGNED_IN,
    "signDocument": SIGNED_IN,
    "getSignature": SIGNED_IN,
    "publishProgram": only("program_holder", "admin"),
    "listPrograms": SIGNED_IN,
    "getProgram": SIGNED_IN,
    "enrollStudent": only("program_holder", "admin"),
    "listEnrollments": SIGNED_IN,
    "getEnrollment": SIGNED_IN,
    "withdrawEnrollment": only("program_holder", "admin"),
    "assignStudent": only("admin"),
    "listAssignments": SIGNED_IN,
    "getAssignment": SIGNED_IN,
    "endAssignment": only("admin"),
}
