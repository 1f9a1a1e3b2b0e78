"""What a portal process needs to know beyond the chassis' settings."""

from chassis.settings import Settings as Base
from pydantic import Field


class Settings(Base):
    """`services_url` is where the other services answer, with `{service}` in place of the name: the gateway, or each one's own address."""

    services_url: str = Field(pattern=r"^https?://.*\{service\}", description="e.g. http://127.0.0.1:8080/api/{service}")
