"""Who may call what here (SPEC 3.10)."""

from chassis.rights import ANYONE, SIGNED_IN, Reach, Rights, may, only, scoped
from contracts.scopes import Scope

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
    "suspendPartner": only("admin"),
    "reinstatePartner": only("admin"),
    "getCurrentPacket": SIGNED_IN,
    "getDocument": SIGNED_IN,
    "signDocument": SIGNED_IN,
    "getSignature": OWN,
    "enterPayrollProfile": SIGNED_IN,
    "getOwnPayrollProfile": may(person=Reach.OWN),
    "listPayrollProfiles": only("admin", "payroll_admin"),
    "getPayrollProfile": may(person=Reach.OWN, admin=Reach.EVERY, payroll_admin=Reach.EVERY),
    "getPayrollNumbers": only("payroll_admin"),
    "approvePayrollProfile": only("payroll_admin"),
    "rejectPayrollProfile": only("payroll_admin"),
    "publishProgram": OWN_PROGRAM,
    "listPrograms": scoped(SIGNED_IN, Scope.ENROLLMENTS_READ),
    "getProgram": scoped(SIGNED_IN, Scope.ENROLLMENTS_READ),
    "enrollStudent": OWN_PROGRAM,
    "listEnrollments": scoped(RECORD, Scope.ENROLLMENTS_READ),
    "getEnrollment": scoped(RECORD, Scope.ENROLLMENTS_READ),
    "withdrawEnrollment": OWN_PROGRAM,
    "assignStudent": only("admin"),
    "listAssignments": OWN,
    "getAssignment": OWN,
    "endAssignment": only("admin"),
}
