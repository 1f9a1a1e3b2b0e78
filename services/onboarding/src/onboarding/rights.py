"""Who may call what here (SPEC 3.10)."""

from chassis.rights import ANYONE, SIGNED_IN, Reach, Rights, may, only

RECORD = may(person=Reach.OWN, partner=Reach.ASSIGNED, admin=Reach.EVERY)
OWN = may(person=Reach.OWN, admin=Reach.EVERY)
OWN_PROGRAM = may(program_holder=Reach.OWN, admin=Reach.EVERY)
UNPROTECTED = {
    "role_package": "what one can apply for, read by anyone",
    "document": "papers to sign, read by whoever is signed in",
    "document_version": "papers to sign, read by whoever is signed in",
}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "listRolePackages": ANYONE,
    "applyAsPartner": SIGNED_IN,
    "listPartners": only("admin"),
    "getOwnPartner": may(person=Reach.OWN),
    "getPartner": OWN,
    "approvePartner": only("admin"),
    "getCurrentPacket": SIGNED_IN,
    "getDocument": SIGNED_IN,
    "signDocument": SIGNED_IN,
    "getSignature": OWN,
    "publishProgram": OWN_PROGRAM,
    "listPrograms": SIGNED_IN,
    "getProgram": SIGNED_IN,
    "enrollStudent": OWN_PROGRAM,
    "listEnrollments": RECORD,
    "getEnrollment": RECORD,
    "withdrawEnrollment": OWN_PROGRAM,
    "assignStudent": only("admin"),
    "listAssignments": OWN,
    "getAssignment": OWN,
    "endAssignment": only("admin"),
}
