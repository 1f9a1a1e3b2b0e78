"""What the sandbox reads from the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SOLE_TENANT = "default"
# RFC 6750's alphabet: it holds neither `:` nor `,`, which therefore part tenants and tokens.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


class SettingsError(Exception):
    """A setting or the data file cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Settings:
    """`tokens` maps each bearer token to its tenant; `data` is the SQLite file, None keeps all in memory."""

    tokens: Mapping[str, str]
    host: str = "127.0.0.1"
    port: int = 8108
    data: Path | None = None


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read CHAIRSIDE_MILADY_TOKEN, CHAIRSIDE_HOST, CHAIRSIDE_PORT and CHAIRSIDE_SANDBOX_DATA. Raises SettingsError."""
    port = environment.get("CHAIRSIDE_PORT", "8108")
    if not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"CHAIRSIDE_PORT is {port!r}; set it to a port number from 0 to 65535.")
    data = environment.get("CHAIRSIDE_SANDBOX_DATA")
    return Settings(
        tokens=read_tokens(environment.get("CHAIRSIDE_MILADY_TOKEN", "")),
        host=environment.get("CHAIRSIDE_HOST", "127.0.0.1"),
        port=int(port),
        data=Path(data) if data else None,
    )


def read_tokens(value: str) -> dict[str, str]:
    """Turn `token` (tenant `default`) or `tenant:token,tenant:token` into tenants by token. Raises SettingsError."""
    tokens: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        tenant, _, token = part.rpartition(":")
        if not _TOKEN.fullmatch(token):
            raise SettingsError("CHAIRSIDE_MILADY_TOKEN holds characters that a bearer token cannot have; use letters, digits and -._~+/=.")
        tokens[token] = tenant or SOLE_TENANT
    if not tokens:
        raise SettingsError("CHAIRSIDE_MILADY_TOKEN is not set; set it to the token that clients of Milady will send.")
    return tokens
