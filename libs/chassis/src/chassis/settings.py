"""Settings from the environment (`CHAIRSIDE_...`) and from files of secrets, with start-up errors that a person can act on."""

import os
import sys
from typing import NoReturn, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "CHAIRSIDE_"


class Settings(BaseSettings):
    """What every service process needs to know. A secret may also lie in a file `<CHAIRSIDE_SECRETS>/chairside_<name>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", secrets_dir=os.environ.get(f"{PREFIX}SECRETS"), frozen=True)

    database_url: str = Field(pattern=r"^postgresql://", description="the unprivileged login role's address")
    owner_database_url: str | None = Field(default=None, pattern=r"^postgresql://", description="the owner's, for `migrate` alone")
    kafka: str = Field(pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$", description="host:port, comma separated")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    jwks_url: str = Field(pattern=r"^https?://")
    issuer: str = "chairside"
    audience: str = "chairside"
    storage: str = Field(default="memory:///", pattern=r"^(file|s3|memory)://")
    traces: str = ""
    traces_share: float = Field(default=1.0, ge=0, le=1)
    public_url: str = "http://127.0.0.1:8080"
    log_level: str = "INFO"
    pool_size: int = Field(default=10, ge=1)
    principal_rate: int = Field(default=6_000, ge=1, description="requests a minute that one process takes of one principal")
    address_rate: int = Field(default=12_000, ge=1, description="the same of one address, of those that prove no principal")


S = TypeVar("S", bound=Settings)


def load(kind: type[S]) -> S:
    """The settings of this process; on a missing or malformed one the process ends with a sentence for each (exit code 2)."""
    try:
        return kind()
    except ValidationError as error:
        for each in error.errors():
            _complain("_".join(str(part) for part in each["loc"]), "" if each["type"] == "missing" else each["msg"])
        raise SystemExit(2) from None


def unusable(setting: str, why: str) -> NoReturn:
    """Ends the process with a sentence about a setting of the right form that turns out to lead nowhere (exit code 2)."""
    _complain(setting, why)
    raise SystemExit(2)


def _complain(setting: str, why: str) -> None:
    said = f"is not usable: {why}" if why else "is not set"
    sys.stderr.write(f"{PREFIX}{setting.upper()} {said}. Set it in the environment and start again.\n")
