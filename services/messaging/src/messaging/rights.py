"""Who may call what here (SPEC 3.10)."""

from chassis.rights import Reach, Rights, may

UNPROTECTED = {"program": "names of programs, for the system's role alone"}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "listNotifications": may(person=Reach.OWN, admin=Reach.EVERY),
}
