"""What compliance holds of a person, for the export of their data."""

from chassis.records import Holdings, Owned

BY_ME = "requested_by = :id"
HOLDINGS = Holdings(
    tables={
        "person": Owned("user_id = :id"),
        "enrollment": Owned("student_id = :id"),
        "hour_entry": Owned("student_id = :id or logged_by = :id"),
        "hour_entry_detached": Owned("student_id = :id or logged_by = :id"),
        "hour_flag": Owned("student_id = :id"),
        "hour_acceptance": Owned("student_id = :id or accepted_by = :id"),
        "requirement": Owned("student_id = :id"),
        "leave": Owned("student_id = :id"),
        "weekly_total": Owned("student_id = :id"),
        "hour_import": Owned(BY_ME, "import_id, mode, state, total, done, made, repeated, refused, started_at, finished_at"),
        "hour_import_problem": Owned(BY_ME, "import_id, line, type, detail"),
        "alert": Owned("student_id = :id"),
    },
    kept_back={
        "hour_revision": "numbers the rows of hour_entry and hour_entry_detached, which are given",
        "detached_year": "which years are detached, the same for everybody",
        "hour_import_row": "rows of a file that is being worked on, deleted as soon as it is",
        "held_check": "ids of enrollments whose alerts wait for newer data of Milady's",
        "recheck": "ids of enrollments that are checked again within a second",
        "digest_due": "ids of alerts whose message is being sent",
        "milady_enrollment": "ids of enrollments that Milady has hours of",
        "program": "programs, the same for everybody",
        "scan": "when which zone was checked",
        "sync_run": "up to when Milady's data is known",
        "student_ledger": "a lock, and how often it was taken",
    },
)
