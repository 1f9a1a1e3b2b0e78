"""Who may call what here (SPEC 3.10)."""

from chassis.rights import ANYONE, SIGNED_IN, Rights, only

RIGHTS: Rights = {
    "signUp": ANYONE,
    "listUsers": only("admin"),
    "getUser": SIGNED_IN,
    "getMe": SIGNED_IN,
    "signIn": ANYONE,
    "refreshSession": ANYONE,
    "signOut": SIGNED_IN,
    "getKeys": ANYONE,
}
