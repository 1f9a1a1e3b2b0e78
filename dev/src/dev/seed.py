"""The people and data that a new stack begins with."""

from dev.stack import Stack


def seed(stack: Stack) -> list[str]:
    """Makes what is not there yet, through the services' own command lines; gives a line for each who can sign in."""
    return []
