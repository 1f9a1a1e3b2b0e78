"""What `up` says while it works: a line when a step begins, one when it is done, with the time that it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_begun = time.monotonic()


def say(text: str) -> None:
    """Prints the line with the seconds since the start; nothing where the terminal has gone."""
    with suppress(OSError):
        print(f"{time.monotonic() - _begun:6.1f} s  {text}", flush=True)


@contextmanager
def step(what: str, done: str) -> Iterator[None]:
    """Says `what` now, and `done` with the seconds taken at the end."""
    say(what)
    begun = time.monotonic()
    yield
    say(f"{done} ({time.monotonic() - begun:.1f} s)")


class Progress:
    """Counts up on one line of a terminal; elsewhere a line for each quarter."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._said = -1

    def __call__(self, done: int, total: int) -> None:
        quarter = 4 * done // total
        if sys.stdout.isatty():
            print(f"\r          {self._what}: {done} of {total}", end="\n" if done == total else "", flush=True)
        elif quarter != self._said:
            self._said = quarter
            say(f"{self._what}: {done} of {total}")
