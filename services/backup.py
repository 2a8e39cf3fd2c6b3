"""Backup: the events and the control store, apart from each other, for their owner alone.

Promise: a backup taken while others write is a state that really was.  Keys are made before
the events that need them, so the events are copied first.
"""

import hashlib
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from domain.values import rfc3339
from services.config import Settings

FORMAT: Final = "longcase-backup-1"
"""What a manifest says that it is of."""

PARTS: Final = {"events": "store", "control": "control"}
"""Folder of a backup to the setting that says where the original is."""

TABLES: Final = {
    "store": ("stored_events", "company_heads", "reports", "handles", "traces"),
    "control": ("secrets", "keyring", "api_keys", "staff", "skips", "pauses", "control_version"),
}


class BackupRefused(Exception):
    """The backup or restore cannot be done as asked."""


def backup(settings: Settings, folder: Path) -> dict[str, Any]:
    """Copy the event store and the control store into *folder* and return the manifest.

    Raises:
        BackupRefused: If the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefused(f"{folder} is not empty; choose a new folder")
    files, heads = {}, {}
    for part, name in PARTS.items():
        target = folder / part
        target.mkdir(parents=True, mode=0o700)
        url = getattr(settings, name)
        copied = _copy_sqlite(url, target) if is_file(url) else _copy_tables(url, name, target)
        heads[part] = copied.head
        files.update({f"{part}/{path.name}": sha256(path) for path in copied.files})
    manifest = {
        "format": FORMAT,
        "taken_at": rfc3339(datetime.now(UTC)),
        "head_position": heads["events"],
        "sha256": files,
    }
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    for path in (*folder.rglob("*"), folder, folder.parent):
        on_disk(path)
    return manifest


def is_file(url: str) -> bool:
    """Say whether a database is a SQLite file."""
    return url.startswith("sqlite:")


def on_disk(path: Path) -> None:
    """Wait until a file, or the names that stand in a folder, would outlive a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class _Copied(NamedTuple):
    """What was copied of a database: the files, and the last position if it holds events."""

    files: list[Path]
    head: int | None


def _copy_sqlite(url: str, target: Path) -> _Copied:
    path = _private(target / "database.db")
    source = sqlite3.connect(url.removeprefix("sqlite:///"))
    copy = sqlite3.connect(path)
    source.backup(copy)
    copy.execute("PRAGMA journal_mode=DELETE")
    copy.close()
    source.close()
    return _Copied([path], _head(path))


def _private(path: Path) -> Path:
    """Make a file that nobody else may read, before anything is in it."""
    path.touch(mode=0o600)
    return path


def _copy_tables(url: str, name: str, target: Path) -> _Copied:
    import psycopg

    written, head = [], None
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        if name == "store":
            found = connection.execute(
                "SELECT coalesce(max(notification_id), 0) FROM stored_events"
            )
            ((head,),) = found.fetchall()
        for table in TABLES[name]:
            path = _private(target / f"{table}.copy")
            with (
                path.open("wb") as file,
                connection.cursor() as cursor,
                cursor.copy(f"COPY {table} TO STDOUT") as copy,
            ):
                for block in copy:
                    file.write(block)
            written.append(path)
    return _Copied(written, head)


def sha256(path: Path) -> str:
    """Say the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _head(path: Path) -> int | None:
    # Read only, and by itself: `Log` would switch the copy to WAL, which changes its bytes.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'stored_events'").fetchall():
            return None
        head: int = copy.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()[0]
        return head
