"""Who may call what here (SPEC 3.10)."""

from chassis.rights import SIGNED_IN, Rights, only

RIGHTS: Rights = {
    "log_service": SIGNED_IN,
    "list_entries": SIGNED_IN,
    "get_entry": SIGNED_IN,
    "change_entry": SIGNED_IN,
    "submit_entry": SIGNED_IN,
    "add_photo": SIGNED_IN,
    "get_photo": SIGNED_IN,
    "approve_entry": only("admin", "program_holder", "worksite"),
    "reject_entry": only("admin", "program_holder", "worksite"),
    "approve_all": only("admin", "program_holder", "worksite"),
    "list_skills": SIGNED_IN,
    "get_competency": SIGNED_IN,
}
