"""The control store: keyring, secrets, API keys, names of staff; apart from the events.

Without it every sealed text is gone: back it up, and not beside the events.
"""

import base64
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Iterable
from typing import Final

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
)
"""Numbered steps; one is never changed after it shipped."""


class Control:
    """The control store's connection, safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lock = threading.RLock()
        self.database = Database(url)
        self._migrate()

    def secret(self, name: str) -> bytes:
        """Find a secret of 32 bytes, made when it is first asked for."""
        with self.lock:
            self.database.changed(
                "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, secrets.token_bytes(32)),
            )
            rows = self.database.execute("SELECT value FROM secrets WHERE name = ?", (name,))
        return bytes(rows[0][0])

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

    def close(self) -> None:
        """Close the connection."""
        self.database.close()

    def _migrate(self) -> None:
        spelled = {
            "sqlite": {"text": "TEXT", "blob": "BLOB", "bigint": "INTEGER"},
            "postgresql": {"text": "TEXT", "blob": "BYTEA", "bigint": "BIGINT"},
        }[self.database.dialect]
        with self.lock, self.database.transaction():
            if self.database.dialect == "postgresql":
                self.database.execute("SELECT pg_advisory_xact_lock(7238911)")
            self.database.execute(
                "CREATE TABLE IF NOT EXISTS control_version (version INTEGER NOT NULL)"
            )
            rows = self.database.execute("SELECT max(version) FROM control_version")
            done = rows[0][0] or 0
            for number, statements in enumerate(MIGRATIONS[done:], start=done + 1):
                for statement in statements:
                    self.database.execute(statement.format(**spelled))
                self.database.execute("INSERT INTO control_version VALUES (?)", (number,))


class Keyring:
    """One key for each person and company, made before the first event that needs it."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._by_subject: dict[str, tuple[str, bytes]] = {}
        self._by_id: dict[str, bytes | None] = {}
        self._destroyed = -1

    def refresh(self) -> None:
        """Notice keys that another process destroyed since the last look."""
        with self._control.lock:
            rows = self._control.database.execute(
                "SELECT count(*) FROM keyring WHERE destroyed_at IS NOT NULL"
            )
            if rows[0][0] != self._destroyed:
                self._destroyed = rows[0][0]
                self._by_subject.clear()
                self._by_id.clear()

    def ensure(self, subjects: Iterable[str]) -> None:
        """Make the keys that *subjects* (``contact/jan``, ``company/acme``) still lack."""
        missing = [s for s in dict.fromkeys(subjects) if s not in self._by_subject]
        if not missing:
            return
        now = time.time_ns() // 1000
        rows = [(key_id_of(key), subject, key, now) for subject in missing for key in (_new(),)]
        with self._control.lock, self._control.database.transaction():
            self._control.database.many(
                "INSERT INTO keyring (key_id, subject, key, created_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                rows,
            )
            for start in range(0, len(missing), 500):
                part = missing[start : start + 500]
                marks = ",".join("?" * len(part))
                self._take(
                    self._control.database.execute(
                        f"SELECT key_id, subject, key FROM keyring WHERE subject IN ({marks})",
                        part,
                    )
                )

    def key_of(self, subject: str) -> tuple[str, bytes] | None:
        """Find (key id, key) of *subject*; ``None`` if it was destroyed."""
        self.ensure([subject])
        return self._by_subject.get(subject)

    def is_destroyed(self, subject: str) -> bool:
        """Say whether *subject* had a key that is destroyed."""
        with self._control.lock:
            return bool(
                self._control.database.execute(
                    "SELECT 1 FROM keyring WHERE subject = ? AND key IS NULL", (subject,)
                )
            )

    def key(self, key_id: str) -> bytes | None:
        """Find a key by its id; ``None`` if it is destroyed or was never here."""
        if key_id not in self._by_id:
            with self._control.lock:
                rows = self._control.database.execute(
                    "SELECT key_id, subject, key FROM keyring WHERE key_id = ?", (key_id,)
                )
            self._by_id[key_id] = None
            self._take(rows)
        return self._by_id[key_id]

    def destroy(self, subject: str) -> bool:
        """Destroy the key of *subject* for ever; say whether there was one."""
        with self._control.lock:
            done = self._control.database.changed(
                "UPDATE keyring SET key = NULL, destroyed_at = ? "
                "WHERE subject = ? AND key IS NOT NULL",
                (time.time_ns() // 1000, subject),
            )
        self.refresh()
        return done > 0

    def _take(self, rows: Iterable[tuple[str, str, bytes | None]]) -> None:
        for key_id, subject, key in rows:
            self._by_id[key_id] = None if key is None else bytes(key)
            if key is not None:
                self._by_subject[subject] = (key_id, bytes(key))


def key_id_of(key: bytes) -> str:
    """Name a key: 16 bytes of SHA-256 over it, so that a token commits to its key."""
    digest = hashlib.sha256(b"kid" + key).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _new() -> bytes:
    return os.urandom(32)
