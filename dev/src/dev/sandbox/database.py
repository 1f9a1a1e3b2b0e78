"""The one SQLite file that holds everything the sandbox must not forget."""

import sqlite3
from pathlib import Path

from dev.sandbox.settings import SettingsError

VERSION = 1

_SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE students (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE,
    first_name TEXT NOT NULL, last_name TEXT NOT NULL, external_id TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (tenant, email)
) STRICT;
CREATE TABLE enrollments (
    id TEXT PRIMARY KEY, student_id TEXT NOT NULL REFERENCES students, course_code TEXT NOT NULL,
    percent_hundredths INTEGER NOT NULL DEFAULT 0, enrolled_at TEXT NOT NULL, last_accessed_at TEXT,
    completed_at TEXT, certificate_id TEXT UNIQUE, UNIQUE (student_id, course_code)
) STRICT;
CREATE TABLE time_entries (
    id TEXT PRIMARY KEY, enrollment_id TEXT NOT NULL REFERENCES enrollments, on_date TEXT NOT NULL,
    lesson_id TEXT NOT NULL, activity TEXT NOT NULL, hundredths INTEGER NOT NULL,
    UNIQUE (enrollment_id, on_date, lesson_id, activity)
) STRICT;
CREATE TABLE launches (
    token_sha256 TEXT PRIMARY KEY, enrollment_id TEXT NOT NULL REFERENCES enrollments,
    expires_at TEXT NOT NULL, used_at TEXT
) STRICT;
"""


def open_database(path: Path | None) -> sqlite3.Connection:
    """Open the file, making it if need be, or a database in memory for None. Raises SettingsError if it cannot be used."""
    try:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        # One event loop uses it, but a test may open it in one thread and serve it in another.
        db = sqlite3.connect(path or ":memory:", check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        # In WAL mode this survives the death of the process at any moment; only a power cut may take the last commits.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        _prepare(db, path)
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"CHAIRSIDE_SANDBOX_DATA names {path}, which cannot be used ({error}); name another file.") from error
    return db


def _prepare(db: sqlite3.Connection, path: Path | None) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise SettingsError(f"{path} has layout {version} and this sandbox needs {VERSION}; remove the file to begin anew.")


def read_setting(db: sqlite3.Connection, name: str) -> str | None:
    """Give the stored value, or None if it was never set."""
    row = db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return row["value"] if row else None


def write_setting(db: sqlite3.Connection, name: str, value: str) -> None:
    """Store the value in the caller's transaction."""
    db.execute("INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))
