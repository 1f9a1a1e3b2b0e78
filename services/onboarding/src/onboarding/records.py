"""What onboarding holds of a person, for the export of their data."""

from chassis.records import Holdings, Owned

PAYROLL = """user_id, payment_type, routing_last_four, account_last_four, tax_last_four, state, reason, submitted_at, decided_at,
 decided_by"""
"""What its owner is shown of a payroll profile. The numbers are sealed for payroll admins alone."""
HOLDINGS = Holdings(
    tables={
        "person": Owned("user_id = :id"),
        "partner": Owned("user_id = :id"),
        "signature": Owned("user_id = :id"),
        "payroll_profile": Owned("user_id = :id", PAYROLL),
        "program": Owned("partner_id = :id"),
        "enrollment": Owned("student_id = :id"),
        "assignment": Owned(":id in (student_id, partner_id)"),
        "course_progress": Owned("student_id = :id"),
    },
    kept_back={
        "role_package": "what one can apply for, the same for everybody",
        "document": "papers to sign, the same for everybody",
        "document_version": "papers to sign, the same for everybody",
    },
)
