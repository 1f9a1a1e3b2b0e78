"""The first thing that a service's process does."""

import gc
from importlib import import_module


def launch(package: str) -> None:
    """Loads the service of the package and runs its command line; the whole of its `__main__.py`.

    The collector rests: nearly all that is loaded stays for good, and to look through it again and again takes a tenth of a start.
    """
    gc.disable()
    main, service = import_module("chassis.cli").main, import_module(f"{package}.app").service
    gc.enable()
    main(service)
