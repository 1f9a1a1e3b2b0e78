"""Who may call what here (SPEC 3.10)."""

from chassis.rights import ANYONE, SIGNED_IN, Reach, Rights, may, only

UNPROTECTED: dict[str, str] = {}
"""Tables without row-level security, and why."""
RIGHTS: Rights = {
    "signUp": ANYONE,
    "listUsers": only("admin"),
    "getUser": may(person=Reach.OWN, admin=Reach.EVERY),
    "getMe": SIGNED_IN,
    "signIn": ANYONE,
    "refreshSession": ANYONE,
    "signOut": SIGNED_IN,
    "getKeys": ANYONE,
}
