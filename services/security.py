"""Who asks, and what they may do and see: API keys, roles, and one function that decides.

A key is 256 random bits, shown once and kept as its SHA-256: a slow hash would protect
nothing that cannot be guessed.
"""

import getpass
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from domain.values import ID_PATTERN, Reader
from projections.database import Database
from services.control import Control

Role = Literal["publisher", "agent", "auditor", "admin", "customer"]
Action = Literal["publish", "read", "feed", "export", "operate", "keys"]

ROLES: Final[dict[Role, frozenset[Action]]] = {
    "publisher": frozenset(("publish",)),
    "agent": frozenset(("publish", "read")),
    "auditor": frozenset(("read", "feed", "export")),
    "admin": frozenset(("feed", "operate", "keys")),
    "customer": frozenset(("read",)),
}
"""What each role may do; who has several roles may do what any of them may."""

WORDS: Final[dict[Action, str]] = {
    "publish": "report what happened",
    "read": "read about customers",
    "feed": "follow the log of all events",
    "export": "export a company's history",
    "operate": "look after the service",
    "keys": "make keys",
}
"""What one may do, as it is said to those who may not."""

SEES: Final[dict[Role, frozenset[str]]] = {
    "publisher": frozenset(),
    "agent": frozenset(("public", "internal")),
    "auditor": frozenset(("public", "internal", "restricted")),
    "admin": frozenset(),
    "customer": frozenset(("public",)),
}
"""Whose text each role may read."""

BORN_WITH: Final = "lc"
"""How every key begins, so that a leaked one is recognised."""

KEY: Final = re.compile(rf"{BORN_WITH}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}", re.ASCII)
NAME: Final = re.compile(ID_PATTERN, re.ASCII)

REMEMBERED: Final = 10_000
"""Keys of which it is remembered whose they are."""


class Denied(Exception):
    """The one who asks may not do this."""


class NoKey(Exception):
    """No key came along, or none that is valid: which of these it was, nobody is told."""

    def __init__(self) -> None:
        super().__init__(
            "send 'Authorization: Bearer KEY' with a valid key; longcase keys create makes one"
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks.

    Attributes:
        name: As it stands in the read audit: a key's name, or ``local:<user>``.
        companies: What a key is bound to; ``None`` = every company.
        sources: For which systems a key may publish; ``None`` = any.
    """

    name: str
    roles: frozenset[Role]
    companies: frozenset[str] | None = None
    sources: frozenset[str] | None = None


def local() -> Identity:
    """Identify the user of this machine, who owns the files and so holds every role."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Identity(f"local:{re.sub('[^A-Za-z0-9._:~-]', '-', user)[:100]}", frozenset(ROLES))


def authorize(who: Identity, action: Action, company_id: str | None = None) -> Reader:
    """Decide whether *who* may do *action*, and what they may see of it.

    Used by HTTP, command line and exports alike.

    Raises:
        Denied: If they may not, or not at this company.
    """
    if not any(action in ROLES[role] for role in who.roles):
        names = ", ".join(sorted(who.roles))
        may_not = f"a key of role {names} may not {WORDS[action]}"
        raise Denied(f"{may_not}; ask an admin for another key")
    if who.companies is not None and company_id is not None and company_id not in who.companies:
        raise Denied("this key is bound to other companies")
    visible = frozenset[str]().union(*(SEES[role] for role in who.roles))
    return Reader(visible, who.companies, public_only=who.roles == {"customer"})


def may_publish_for(who: Identity, system: str) -> None:
    """Refuse a report in the name of a system the key is not bound to.

    Raises:
        Denied: If the key is bound to other sources.
    """
    if who.sources is not None and system not in who.sources:
        raise Denied("this key is bound to other sources")


def may_publish_about(who: Identity, companies: Iterable[str | None]) -> None:
    """Refuse a report that touches a company the key is not bound to, or none at all.

    Raises:
        Denied: If the key is bound to other companies.
    """
    if who.companies is not None and not who.companies.issuperset(companies):
        raise Denied("this key is bound to other companies")


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """An API key as it is listed: never the key itself."""

    prefix: str
    name: str
    role: Role
    companies: tuple[str, ...]
    sources: tuple[str, ...]
    created_at: int
    expires_at: int | None
    revoked_at: int | None


class Keys:
    """The API keys of a deployment."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._changes = _Changes(control.url)
        self._known: dict[bytes, _Known] = {}

    def create(
        self,
        name: str,
        role: Role,
        companies: Iterable[str] = (),
        sources: Iterable[str] = (),
        days: int | None = None,
    ) -> str:
        """Make a key and return it, the only time it is ever seen.

        Args:
            name: Stands in the read audit: letters, digits and ``._:~-``.
            days: How long it is valid; ``None`` = until it is revoked.

        Raises:
            ValueError: If the name is none, or a customer's key is not bound to exactly one
                company.
        """
        if not NAME.fullmatch(name):
            raise ValueError("a key's name has 1 to 128 letters, digits and . _ : ~ -")
        bound = sorted(set(companies))
        if role == "customer" and len(bound) != 1:
            raise ValueError("a customer's key needs exactly one --company")
        prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        now = time.time_ns() // 1000
        expires = None if days is None else now + days * 86_400_000_000
        key = f"{BORN_WITH}_{prefix}_{secret}"
        with self._control.lock:
            self._control.database.changed(
                "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    prefix, _digest(key), name, role, json.dumps(bound),
                    json.dumps(sorted(set(sources))), now, expires,
                ),
            )  # fmt: skip
        return key

    def remembered(self, key: str) -> Identity | None:
        """Say whose *key* it is, if that was asked before and nothing changed since.

        It takes microseconds, and a key that was revoked is not remembered from then on.
        """
        known = self._known.get(_digest(key))
        if known is None or known.version != self._changes.version() or _is_over(known.expires):
            return None
        return known.identity

    def identify(self, key: str) -> Identity:
        """Say whose *key* it is.

        Raises:
            NoKey: If it is not one of ours, revoked or past its time.
        """
        rows, version = [], self._changes.version()
        if shaped := KEY.fullmatch(key):
            with self._control.lock:
                rows = self._control.database.execute(
                    "SELECT digest, name, role, companies, sources, expires_at, revoked_at "
                    "FROM api_keys WHERE prefix = ?",
                    (shaped[1],),
                )
        digest, name, role, companies, sources, expires, revoked = (
            rows[0] if rows else (b"", "", "publisher", "[]", "[]", None, None)
        )
        known = hmac.compare_digest(bytes(digest), _digest(key))
        if not known or revoked is not None or _is_over(expires):
            raise NoKey
        found = Identity(name, frozenset((role,)), _bound(companies), _bound(sources))
        if version is not None:
            self._remember(bytes(digest), _Known(found, version, expires))
        return found

    def _remember(self, digest: bytes, known: "_Known") -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[digest] = known

    def all(self) -> list[KeyInfo]:
        """List the keys, newest last."""
        with self._control.lock:
            rows = self._control.database.execute(
                "SELECT prefix, name, role, companies, sources, created_at, expires_at, "
                "revoked_at FROM api_keys ORDER BY created_at"
            )
        return [
            KeyInfo(
                prefix, name, role, tuple(json.loads(companies)), tuple(json.loads(sources)), *times
            )
            for prefix, name, role, companies, sources, *times in rows
        ]

    def revoke(self, prefix_or_name: str) -> int:
        """Revoke the keys with this prefix or name; say how many."""
        with self._control.lock:
            return self._control.database.changed(
                "UPDATE api_keys SET revoked_at = ? "
                "WHERE (prefix = ? OR name = ?) AND revoked_at IS NULL",
                (time.time_ns() // 1000, prefix_or_name, prefix_or_name),
            )


class _Known(NamedTuple):
    """A key as it was found at a version of the control store."""

    identity: Identity
    version: int
    expires: int | None


class _Changes:
    """Notices that the control store changed, whoever changed it, if it is a file.

    SQLite counts what other connections commit, and this one never writes.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._database: Database | None = None

    def version(self) -> int | None:
        """Give a number that any change moves on; ``None`` where there is none."""
        if not self._url.startswith("sqlite:"):
            return None
        with self._lock:
            self._database = self._database or Database(self._url)
            return int(self._database.execute("PRAGMA data_version")[0][0])


def _is_over(expires: int | None) -> bool:
    return expires is not None and expires < time.time_ns() // 1000


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _bound(listed: str) -> frozenset[str] | None:
    return frozenset(json.loads(listed)) or None
