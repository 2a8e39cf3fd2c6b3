"""Backup and restore: the events and the control store, apart from each other.

Promise: a backup taken while others write is a state that really was.  Keys are made before
the events that need them, so the events are copied first.  A restore applies the list of
erasures, which lies in the home folder outside every backup: an erased key never comes back.
"""

import hashlib
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from domain.values import rfc3339
from services.config import Settings
from services.control import Control, Keyring

PARTS: Final = {"events": "store", "control": "control"}
"""Folder of a backup to the setting that says where the original is."""

TABLES: Final = {
    "store": ("stored_events", "company_heads", "reports", "handles"),
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
    files = {}
    for part, name in PARTS.items():
        target = folder / part
        target.mkdir(parents=True)
        url = getattr(settings, name)
        written = _copy_sqlite(url, target) if _is_file(url) else _copy_tables(url, name, target)
        files.update({f"{part}/{path.name}": _sha256(path) for path in written})
    manifest = {
        "format": "longcase-backup-1",
        "taken_at": rfc3339(datetime.now(UTC)),
        "head_position": _head(folder / "events"),
        "sha256": files,
    }
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return manifest


def restore(settings: Settings, folder: Path) -> dict[str, Any]:
    """Put a backup in place of an empty deployment, and apply the erasures since.

    Raises:
        BackupRefused: If a file of the backup is missing or changed, or the deployment is not
            empty.
    """
    manifest = _checked(folder)
    for part, name in PARTS.items():
        url = getattr(settings, name)
        if _is_file(url):
            _restore_sqlite(url, folder / part)
        else:
            _restore_tables(settings, name, folder / part)
    erased = _erase_again(settings)
    return {**manifest, "erased_again": erased}


def _is_file(url: str) -> bool:
    return url.startswith("sqlite:")


def _copy_sqlite(url: str, target: Path) -> list[Path]:
    path = target / "database.db"
    source = sqlite3.connect(url.removeprefix("sqlite:///"))
    copy = sqlite3.connect(path)
    source.backup(copy)
    copy.execute("PRAGMA journal_mode=DELETE")
    copy.close()
    source.close()
    return [path]


def _copy_tables(url: str, name: str, target: Path) -> list[Path]:
    import psycopg

    written = []
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for table in TABLES[name]:
            path = target / f"{table}.copy"
            with (
                path.open("wb") as file,
                connection.cursor() as cursor,
                cursor.copy(f"COPY {table} TO STDOUT") as copy,
            ):
                for block in copy:
                    file.write(block)
            written.append(path)
    return written


def _restore_sqlite(url: str, part: Path) -> None:
    target = Path(url.removeprefix("sqlite:///"))
    if target.exists():
        raise BackupRefused(f"{target} exists; restore into an empty home (LONGCASE_HOME)")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.write_bytes((part / "database.db").read_bytes())
    target.chmod(0o600)


def _restore_tables(settings: Settings, name: str, part: Path) -> None:
    import psycopg

    from services.deployment import Deployment

    with Deployment(settings) as deployment:
        _ = deployment.desk if name == "store" else deployment.control
    with psycopg.connect(getattr(settings, name)) as connection, connection.cursor() as cursor:
        for table in TABLES[name]:
            if table == "stored_events":
                cursor.execute("SELECT 1 FROM stored_events LIMIT 1")
                if cursor.fetchone():
                    raise BackupRefused("the event store is not empty; restore into a new one")
            if name == "control":
                cursor.execute(f"DELETE FROM {table}")
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write((part / f"{table}.copy").read_bytes())
        if name == "store":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('stored_events', 'notification_id'), "
                "(SELECT coalesce(max(notification_id), 0) + 1 FROM stored_events), false)"
            )


def _erase_again(settings: Settings) -> int:
    """Destroy again every key whose owner was erased after the backup was taken."""
    listed = settings.home / "erasures.jsonl"
    if not listed.exists():
        return 0
    control = Control(settings.control)
    keyring = Keyring(control)
    subjects = [orjson.loads(line)["subject"] for line in listed.read_bytes().splitlines()]
    done = sum(keyring.destroy(subject) for subject in subjects)
    control.close()
    return done


def _checked(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = orjson.loads((folder / "manifest.json").read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BackupRefused(f"{folder} holds no backup: {error}") from None
    for name, expected in manifest["sha256"].items():
        path = folder / name
        if not path.exists() or _sha256(path) != expected:
            raise BackupRefused(f"{path} is missing or was changed since the backup was taken")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _head(part: Path) -> int | None:
    path = part / "database.db"
    if not path.exists():
        return None
    # Read only, and by itself: `Log` would switch the copy to WAL, which changes its bytes.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        head: int = copy.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()[0]
        return head
