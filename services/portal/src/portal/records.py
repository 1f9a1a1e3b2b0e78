"""What the portal holds of a person, for the export of their data: what the other services told, as the pages show it."""

from chassis.records import Holdings, Owned

STUDENTS = ("enrollment", "course_progress", "milady_provisioning", "hour_entry", "alert", "requirement", "week_result")
HOLDINGS = Holdings(
    tables={
        **{name: Owned("user_id = :id") for name in ("person", "partner", "document_signature")},
        **{name: Owned("student_id = :id") for name in STUDENTS},
        "skill_entry": Owned("student_id = :id or decided_by = :id"),
        "program": Owned("partner_id = :id"),
        "message": Owned("recipient_id = :id"),
        "audit_log": Owned("actor = cast(cast(:id as uuid) as text) or student_id = :id"),
    },
    kept_back={"sync_status": "up to when Milady's data is known"},
)
