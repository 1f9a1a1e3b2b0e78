"""Who may call what here (SPEC 3.10)."""

from chassis.rights import Reach, Rights, may

RIGHTS: Rights = {
    "listNotifications": may(person=Reach.OWN, admin=Reach.EVERY),
}
