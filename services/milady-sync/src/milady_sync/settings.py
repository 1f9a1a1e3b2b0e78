"""What milady-sync reads from the environment besides what every service reads."""

from chassis.settings import Settings
from pydantic import Field, SecretStr


class MiladySettings(Settings):
    """Where Milady is and how it may be asked. One process serves one tenant of Milady."""

    milady_url: str = Field(pattern=r"^https?://\S+$", description="Milady's address, without /api/v1")
    milady_token: SecretStr = Field(min_length=1, description="the tenant's bearer token")
    milady_rate: float = Field(default=10, gt=0, description="requests a second that this process sends at most")
    milady_timeout: float = Field(default=10, gt=0, description="seconds to wait for one answer")
