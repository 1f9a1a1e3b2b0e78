"""Milady CIMA over HTTP: the API of the seed, read tolerantly, asked patiently (SPEC 3.4)."""

from milady_sync.client.errors import MiladyBusy, MiladyDown, MiladyError, MiladyMalformed, MiladyRefused
from milady_sync.client.milady import Launch, Milady, connect

__all__ = ["Launch", "Milady", "MiladyBusy", "MiladyDown", "MiladyError", "MiladyMalformed", "MiladyRefused", "connect"]
