"""Who may call what here (SPEC 3.10)."""

from chassis.rights import Reach, Rights, may, only, scoped
from contracts.scopes import Scope

DECIDE = may(site_coordinator=Reach.ASSIGNED, admin=Reach.EVERY)
PLAN = may(program_holder=Reach.ASSIGNED, admin=Reach.EVERY)
GRANT = may(program_holder=Reach.ASSIGNED, site_coordinator=Reach.ASSIGNED, admin=Reach.EVERY)
WATCH = may(partner=Reach.ASSIGNED, admin=Reach.EVERY)
RECORD = may(person=Reach.OWN, partner=Reach.ASSIGNED, admin=Reach.EVERY)
UNPROTECTED = {
    "program": "read by whoever is signed in: it is nobody's record",
    "detached_year": "numbers of years, the same for everybody",
    "scan": "counts of a whole zone, for administrators",
    "milady_enrollment": "ids alone, for the system and administrators",
    "sync_run": "how fresh Milady's data is, for administrators",
}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "submitHours": scoped(may(student=Reach.OWN, partner=Reach.ASSIGNED), Scope.HOURS_WRITE),
    "importHours": scoped(may(student=Reach.EVERY, partner=Reach.EVERY), Scope.HOURS_WRITE),
    "getImport": scoped(may(student=Reach.OWN, partner=Reach.OWN, admin=Reach.EVERY), Scope.HOURS_WRITE),
    "listHours": scoped(RECORD, Scope.HOURS_READ),
    "getHours": scoped(RECORD, Scope.HOURS_READ),
    "correctHours": may(person=Reach.OWN, site_coordinator=Reach.ASSIGNED, admin=Reach.EVERY),
    "verifyHours": DECIDE,
    "rejectHours": DECIDE,
    "acceptHours": DECIDE,
    "voidHours": may(person=Reach.OWN, admin=Reach.EVERY),
    "getStatement": scoped(RECORD, Scope.HOURS_READ),
    "getStatementPdf": scoped(RECORD, Scope.HOURS_READ),
    "getRequirement": RECORD,
    "changeRequirement": PLAN,
    "changeRequirements": PLAN,
    "approveLeave": GRANT,
    "endLeave": GRANT,
    "cancelLeave": GRANT,
    "listLeaves": RECORD,
    "getLeave": RECORD,
    "listWeeks": scoped(RECORD, Scope.HOURS_READ),
    "listWeeklyDashboard": RECORD,
    "getForecast": RECORD,
    "listRates": WATCH,
    "getWeeklyDashboardCsv": WATCH,
    "getWeeklyDashboardXlsx": WATCH,
    "listAlerts": RECORD,
    "getAlert": RECORD,
    "resolveAlert": GRANT,
    "runScan": only("admin"),
    "listScans": only("admin"),
    "getScan": only("admin"),
}
