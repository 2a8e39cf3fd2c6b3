"""The control store: keyring, secrets, API keys, names of staff; apart from the events.

Without it every sealed text is gone: back it up, and not beside the events.
"""

import base64
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from projections.database import Database

MIGRATIONS: Final = (
    (
        """CREATE TABLE secrets (name {text} PRIMARY KEY, value {blob} NOT NULL)""",
        """CREATE TABLE keyring (
        key_id {text} PRIMARY KEY,
        subject {text} NOT NULL UNIQUE,
        key {blob},
        created_at {bigint} NOT NULL,
        destroyed_at {bigint})""",
        """CREATE TABLE api_keys (
        prefix {text} PRIMARY KEY,
        digest {blob} NOT NULL,
        name {text} NOT NULL,
        role {text} NOT NULL,
        companies {text} NOT NULL,
        sources {text} NOT NULL,
        created_at {bigint} NOT NULL,
        expires_at {bigint},
        revoked_at {bigint})""",
        """CREATE TABLE staff (id {text} PRIMARY KEY, name {text} NOT NULL)""",
    ),
    (
        """CREATE INDEX keyring_destroyed ON keyring (destroyed_at)
        WHERE destroyed_at IS NOT NULL""",
    ),
    (
        """CREATE TABLE skips (
        projection {text} NOT NULL,
        position {bigint} NOT NULL,
        reason {text} NOT NULL,
        decided_by {text} NOT NULL,
        decided_at {bigint} NOT NULL,
        PRIMARY KEY (projection, position))""",
        """CREATE TABLE pauses (
        projection {text} PRIMARY KEY,
        decided_by {text} NOT NULL,
        decided_at {bigint} NOT NULL)""",
    ),
)
"""Numbered steps; one is never changed after it shipped."""

KEY: Final = 32
"""Bytes of a key: AES-256."""

BESIDE: Final = ("", "-wal", "-shm")
"""What SQLite adds to the name of a database, for the files that belong to it."""

KEYS: Final = "SELECT key_id, subject, key FROM keyring"
LAST_DESTROYED: Final = (
    "SELECT max(destroyed_at) FROM keyring WHERE destroyed_at IS NOT NULL"  # by the index
)


class Control:
    """The control store's connection, safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lock = threading.RLock()
        self._database = _opened(url)
        self._migrate()

    @property
    def database(self) -> Database:
        """The connection, made anew if the last one was lost; for use under `lock`."""
        if self._database.is_lost:
            self._database = _opened(self.url)
        return self._database

    def secret(self, name: str) -> bytes:
        """Find a secret of 32 bytes, made when it is first asked for."""
        with self.lock:
            self.database.changed(
                "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, secrets.token_bytes(32)),
            )
            rows = self.database.execute("SELECT value FROM secrets WHERE name = ?", (name,))
        return bytes(rows[0][0])

    def has_secret(self, name: str) -> bool:
        """Say whether a secret was made."""
        with self.lock:
            return bool(self.database.execute("SELECT 1 FROM secrets WHERE name = ?", (name,)))

    def staff(self, ids: Iterable[str]) -> dict[str, str]:
        """Find the names of staff; those without one are left out."""
        wanted = list(ids)
        if not wanted:
            return {}
        marks = ",".join("?" * len(wanted))
        with self.lock:
            rows = self.database.execute(
                f"SELECT id, name FROM staff WHERE id IN ({marks})", wanted
            )
        return dict(rows)

    def name_staff(self, names: dict[str, str]) -> None:
        """Keep the names of staff, replacing older ones."""
        with self.lock, self.database.transaction():
            self.database.many(
                "INSERT INTO staff (id, name) VALUES (?, ?) "
                "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
                list(names.items()),
            )

    @contextmanager
    def alone(self) -> Iterator[Database]:
        """Lend the database for a change that no other thread or process may come between."""
        with self.lock, self.database.transaction():
            if self.database.dialect == "postgresql":
                self.database.execute("SELECT pg_advisory_xact_lock(7238911)")
            yield self.database

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _migrate(self) -> None:
        spelled = {
            "sqlite": {"text": "TEXT", "blob": "BLOB", "bigint": "INTEGER"},
            "postgresql": {"text": "TEXT", "blob": "BYTEA", "bigint": "BIGINT"},
        }[self.database.dialect]
        with self.alone() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS control_version (version INTEGER NOT NULL)"
            )
            rows = database.execute("SELECT max(version) FROM control_version")
            done = rows[0][0] or 0
            for number, statements in enumerate(MIGRATIONS[done:], start=done + 1):
                for statement in statements:
                    database.execute(statement.format(**spelled))
                database.execute("INSERT INTO control_version VALUES (?)", (number,))


class Keyring:
    """One key for each person and company, made before the first event that needs it."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._by_subject: dict[str, tuple[str, bytes] | None] = {}
        self._by_id: dict[str, bytes | None] = {}
        self._last_destroyed: int | None = None

    def refresh(self) -> None:
        """Notice keys that another process destroyed since the last look."""
        with self._control.lock:
            rows = self._control.database.execute(LAST_DESTROYED)
            if rows[0][0] != self._last_destroyed:
                self._last_destroyed = rows[0][0]
                self._by_subject.clear()
                self._by_id.clear()

    def ensure(self, subjects: Iterable[str]) -> None:
        """Make the keys that *subjects* (``contact/jan``, ``company/acme``) still lack.

        They are kept durably before this returns: an event is never sealed by a key that a
        power failure could take away.
        """
        missing = [s for s in dict.fromkeys(subjects) if s not in self._by_subject]
        if not missing:
            return
        now = time.time_ns() // 1000
        with self._control.lock:
            lacking = set(missing) - self._find(missing)
            if not lacking:
                return
            fresh = [(subject, os.urandom(KEY)) for subject in sorted(lacking)]
            with self._control.database.transaction():
                self._control.database.many(
                    "INSERT INTO keyring (key_id, subject, key, created_at) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    [(key_id_of(key), subject, key, now) for subject, key in fresh],
                )
            self._find(list(lacking))

    def key_of(self, subject: str) -> tuple[str, bytes] | None:
        """Find (key id, key) of *subject*; ``None`` if it was destroyed."""
        found = self._by_subject.get(subject)
        if found is None:
            with self._control.lock:
                self.ensure([subject])
                found = self._by_subject[subject]
        return found

    def is_destroyed(self, subject: str) -> bool:
        """Say whether *subject* had a key that is destroyed."""
        with self._control.lock:
            return bool(
                self._control.database.execute(
                    "SELECT 1 FROM keyring WHERE subject = ? AND key IS NULL", (subject,)
                )
            )

    def known(self, key_ids: Iterable[str]) -> set[str]:
        """Say which of these keys are here, or were and are destroyed; at most some thousands."""
        asked = list(key_ids)
        if not asked:
            return set()
        marks = ",".join("?" * len(asked))
        with self._control.lock:
            rows = self._control.database.execute(
                f"SELECT key_id FROM keyring WHERE key_id IN ({marks})", asked
            )
        return {key_id for (key_id,) in rows}

    def key(self, key_id: str) -> bytes | None:
        """Find a key by its id; ``None`` if it is destroyed or was never here."""
        try:
            return self._by_id[key_id]
        except KeyError:
            with self._control.lock:
                rows = self._control.database.execute(f"{KEYS} WHERE key_id = ?", (key_id,))
                self._by_id[key_id] = None
                self._take(rows)
                return self._by_id[key_id]

    def destroy(self, subject: str) -> bool:
        """Destroy the key of *subject* for ever; say whether there was one."""
        with self._control.lock:
            with self._control.alone() as database:
                last = database.execute(LAST_DESTROYED)[0][0] or 0
                now = max(time.time_ns() // 1000, last + 1)  # it grows, whatever the clock says
                done = database.changed(
                    "UPDATE keyring SET key = NULL, destroyed_at = ? "
                    "WHERE subject = ? AND key IS NOT NULL",
                    (now, subject),
                )
            self.refresh()
        return done > 0

    def _find(self, subjects: list[str]) -> set[str]:
        """Take over the keys of *subjects* that there are, and name whose they are."""
        found: set[str] = set()
        for start in range(0, len(subjects), 500):
            part = subjects[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._control.database.execute(f"{KEYS} WHERE subject IN ({marks})", part)
            self._take(rows)
            found.update(subject for _, subject, _ in rows)
        return found

    def _take(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for key_id, subject, key in rows:
            self._by_id[key_id] = None if key is None else bytes(key)
            self._by_subject[subject] = None if key is None else (key_id, bytes(key))


def key_id_of(key: bytes) -> str:
    """Name a key: 16 bytes of SHA-256 over it, so that a token commits to its key."""
    digest = hashlib.sha256(b"kid" + key).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def keep_private(url: str) -> None:
    """Let a database that is a file be its owner's alone; make it if it is not there yet.

    What SQLite lays beside it later has the same rights; what lies there already is closed, too.
    """
    if not url.startswith("sqlite:"):
        return
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        path.touch(mode=0o600)
    for file in (path.with_name(path.name + beside) for beside in BESIDE):
        with suppress(OSError):  # not there, or another's, who alone may close it
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)


def _opened(url: str) -> Database:
    """Connect; what is written is on the disk before we go on."""
    keep_private(url)
    database = Database(url)
    if database.dialect == "sqlite":
        database.execute("PRAGMA synchronous=FULL")
    return database
