"""Who may call what here (SPEC 3.10)."""

from chassis.rights import SIGNED_IN, Rights

RIGHTS: Rights = {
    "listNotifications": SIGNED_IN,
}
