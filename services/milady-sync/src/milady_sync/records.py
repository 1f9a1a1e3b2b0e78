"""What milady-sync holds of a person, for the export of their data."""

from chassis.records import Holdings, Owned

HOLDINGS = Holdings(
    tables={
        "person": Owned("user_id = :id"),
        **{
            name: Owned("student_id = :id") for name in ("enrollment", "provisioning", "milady_course", "milady_time_tracking", "sync_item")
        },
        "sync": Owned("requested_by = :id"),
    },
    kept_back={"program": "courses of programs, the same for everybody"},
)
