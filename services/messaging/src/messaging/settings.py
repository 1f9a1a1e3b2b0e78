"""What messaging needs to know beside what every service does."""

from pathlib import Path

from chassis.settings import Settings
from pydantic import Field


class MessagingSettings(Settings):
    """Where mails go, and who they are from."""

    outbox_folder: Path = Field(description="the folder of the file outbox; each mail becomes one .eml in it")
    mail_from: str = "Chairside <no-reply@chairside.example>"
