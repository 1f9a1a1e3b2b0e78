"""Compliance's settings."""

from datetime import timedelta

from chassis.settings import Settings
from pydantic import Field


class ComplianceSettings(Settings):
    """Those of every service, and when data is too old, and when an alert has waited for too long."""

    milady_age_hours: int = Field(default=6, ge=1, le=24 * 7, description="how old Milady's data may be at a check")
    escalation_days: int = Field(default=7, ge=1, le=365, description="after how many days an open alert goes to the program holder")

    @property
    def milady_age(self) -> timedelta:
        """How old Milady's data may be at a check."""
        return timedelta(hours=self.milady_age_hours)
