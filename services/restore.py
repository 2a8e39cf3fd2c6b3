"""Restore: a backup put in the place of an empty deployment, whole or not at all.

Promise: both parts are made ready before either takes its place, the control store first; a
kill or a full disk leaves an empty deployment, into which it can be tried again.  The list of
erasures, which an operator keeps in the home folder outside every backup, is applied: a key
that is on it never comes back.
"""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from projections.database import Database
from services.backup import FORMAT, PARTS, TABLES, BackupRefused, is_file, on_disk, sha256
from services.config import Settings
from services.control import BESIDE, Control, Keyring

HOLDS: Final = {
    "store": ("stored_events",),
    "control": ("keyring", "api_keys", "staff"),
    "read_models": ("positions",),
}
"""The tables of each database that have rows once the deployment is in use."""

WORDS: Final = {"store": "event store", "control": "control store", "read_models": "read models"}


def restore(settings: Settings, folder: Path) -> dict[str, Any]:
    """Put a backup in place of an empty deployment, and apply the erasures since.

    Raises:
        BackupRefused: If a file of the backup is missing or changed, the list of erasures cannot
            be read, or the deployment is not empty.
    """
    manifest = _checked(folder)
    erasures = _erasures(settings)
    for name in HOLDS:
        _must_be_empty(name, getattr(settings, name))
    with ExitStack() as placed:  # what is entered first takes its place last: the events
        for part, name in PARTS.items():
            placed.enter_context(_placing(name, getattr(settings, name), folder / part))
    return {**manifest, "erased_again": _erase_again(settings, erasures)}


def _must_be_empty(name: str, url: str) -> None:
    """Refuse what would be mixed with the backup.

    A write-ahead log that was left behind would be played into the restored file, and read
    models of another history would be taken for ours.
    """
    if is_file(url):
        path = url.removeprefix("sqlite:///")
        for found in (Path(path + beside) for beside in BESIDE):
            if found.exists():
                raise BackupRefused(f"{found} exists; restore into an empty home (LONGCASE_HOME)")
        return
    with closing(Database(url)) as database:
        for table in HOLDS[name]:
            if database.holds(table):
                raise BackupRefused(
                    f"the database of the {WORDS[name]} is not empty (LONGCASE_{name.upper()}); "
                    "restore into a new one"
                )


def _placing(name: str, url: str, part: Path) -> AbstractContextManager[None]:
    return _placing_file(url, part) if is_file(url) else _placing_tables(name, url, part)


@contextmanager
def _placing_file(url: str, part: Path) -> Iterator[None]:
    """Copy a database beside its place, durably; give it its name at the end."""
    target = Path(url.removeprefix("sqlite:///"))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = target.with_name(f"{target.name}.restoring")
    try:
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        with _file_of(part, "database.db").open("rb") as source, fresh.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        on_disk(fresh)
        yield
        fresh.rename(target)
        for folder in (target.parent, target.parent.parent):  # which may be new, too
            on_disk(folder)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _placing_tables(name: str, url: str, part: Path) -> Iterator[None]:
    """Copy rows into empty tables, in a transaction that ends at the end."""
    import psycopg

    _make_tables(name, url)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in _tables(name, part):
            if name == "control":  # secrets made meanwhile
                cursor.execute(f"DELETE FROM {table}")
            with (
                (part / f"{table}.copy").open("rb") as source,
                cursor.copy(f"COPY {table} FROM STDIN") as copy,
            ):
                while block := source.read(1 << 20):
                    copy.write(block)
        if name == "store":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('stored_events', 'notification_id'), "
                "(SELECT coalesce(max(notification_id), 0) + 1 FROM stored_events), false)"
            )
        yield


def _tables(name: str, part: Path) -> list[str]:
    """List the tables to copy.

    The version is that of the tables here; one that an older backup does not know stays empty.
    """
    _file_of(part, f"{TABLES[name][0]}.copy")
    tables = (table for table in TABLES[name] if table != "control_version")
    return [table for table in tables if (part / f"{table}.copy").exists()]


def _make_tables(name: str, url: str) -> None:
    if name == "control":
        Control(url).close()
        return
    from services.store.postgres import Datastore, Recorder

    with closing(Datastore(url)) as datastore:
        Recorder(datastore).create_table()


def _file_of(part: Path, name: str) -> Path:
    if not (part / name).exists():
        raise BackupRefused(
            f"{part} holds no {name}: a backup of SQLite is restored into SQLite, "
            "one of PostgreSQL into PostgreSQL"
        )
    return part / name


def _erasures(settings: Settings) -> list[str]:
    """Read whose keys were destroyed, before anything is written."""
    listed = settings.home / "erasures.jsonl"
    if not listed.exists():
        return []
    try:
        return [str(orjson.loads(line)["subject"]) for line in listed.read_bytes().splitlines()]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BackupRefused(f"{listed}, the list of erasures, cannot be read: {error}") from None


def _erase_again(settings: Settings, subjects: list[str]) -> int:
    """Destroy again every key whose owner was erased after the backup was taken."""
    if not subjects:
        return 0
    with closing(Control(settings.control)) as control:
        keyring = Keyring(control)
        return sum(keyring.destroy(subject) for subject in subjects)


def _checked(folder: Path) -> dict[str, Any]:
    """Read the manifest, and hold every file against it."""
    try:
        manifest = orjson.loads((folder / "manifest.json").read_bytes())
    except OSError as error:
        raise BackupRefused(f"{folder} holds no backup: manifest.json: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise BackupRefused(f"{folder} holds no backup: manifest.json: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BackupRefused(f"{folder} holds no backup: its manifest.json is of something else")
    for name, expected in manifest["sha256"].items():
        path = folder / name
        if not path.exists() or sha256(path) != expected:
            raise BackupRefused(f"{path} is missing or was changed since the backup was taken")
    return manifest
