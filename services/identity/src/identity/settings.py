"""What identity reads from the environment besides what every service reads."""

from typing import Literal

from chassis.sealing import SealingKey
from chassis.settings import Settings
from pydantic import Field


class IdentitySettings(Settings):
    """`services_url`: where the services answer, with `{service}` in place of the name: the gateway, or each one's own address.

    `admin_second_factor`: whether an administrator without a second factor may do no more than enroll one.
    """

    sealing_key: SealingKey
    services_url: str = Field(pattern=r"^https?://.*\{service\}", description="e.g. http://127.0.0.1:8080/api/{service}")
    admin_second_factor: Literal["required", "optional"] = "required"
