"""Who may call what here (SPEC 3.10)."""

from chassis.rights import SIGNED_IN, Rights, only

RIGHTS: Rights = {
    "start_sync": only("program_holder", "admin"),
    "list_syncs": only("program_holder", "admin"),
    "get_sync": only("program_holder", "admin"),
    "list_provisionings": SIGNED_IN,
    "retry_provisioning": only("admin"),
    "get_progress": SIGNED_IN,
    "list_time": SIGNED_IN,
    "launch_course": SIGNED_IN,
}
