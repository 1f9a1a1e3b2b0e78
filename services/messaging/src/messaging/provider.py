"""The file outbox: each mail becomes one `.eml` on disk, whole or not at all."""

import os
from collections.abc import Iterable
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID


def deliver(folder: Path, message_id: UUID, mail: EmailMessage) -> Path:
    """Writes `<message_id>.eml`; the same message again replaces the same file. Raises OSError, and leaves nothing half written."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{message_id}.eml"
    beside = folder / f".{message_id}.{os.getpid()}.part"
    try:
        with beside.open("wb") as out:
            out.write(mail.as_bytes())
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def delete(folder: Path, message_ids: Iterable[UUID]) -> None:
    """Removes the mails' files; that one is not there is no error. Raises OSError."""
    for message_id in message_ids:
        (folder / f"{message_id}.eml").unlink(missing_ok=True)
