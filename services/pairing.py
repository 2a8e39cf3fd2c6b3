"""Does this control store hold the keys of this event store?

A control store that was lost is made anew, empty, by whatever opens it; one of another
deployment opens as well.  Going on with either would show every text as erased, seal new ones
with new keys, and rebuild the read models without the old ones.  So it is asked first.
"""

import re
from contextlib import suppress
from typing import Final

from domain.errors import Refused
from domain.events import decode
from services.config import masked
from services.control import Control, Keyring
from services.sealing import unseal
from services.store import Log, Row

LOOKED_AT: Final = 20
"""So many events, the oldest and as many of the newest, are looked at for keys."""

RECENT: Final = 1_000
"""So many of the newest events are looked at for keys that the control store lacks."""

KEY_ID: Final = re.compile(rb'"sealed:1:([A-Za-z0-9_-]{22}):')

GIVEN_UP: Final = "texts-given-up"
"""The secret whose being there says that an operator goes on without the old texts."""


class KeysMissing(Exception):
    """The control store holds none of the keys that seal the store's texts."""


def check_keys(log: Log, control: Control) -> None:
    """Make sure that the control store is the one which belongs to the store.

    One key that is known is enough, and a destroyed one is known: that somebody was erased, or
    that a publisher wrote something which looks like a sealed text, stops nobody.

    Raises:
        KeysMissing: If it holds no key of the oldest texts, and none of the newest.
    """
    rows = _looked_at(log)
    keyring = Keyring(control)
    if keyring.known(_written(rows)) or not _asked(rows, control):
        return
    if control.has_secret(GIVEN_UP):
        return
    raise KeysMissing(
        f"{masked(control.url)} holds none of the keys that this event store's texts are sealed "
        "with: it is new, or another deployment's; put the control store of a backup in its "
        "place, or correct LONGCASE_CONTROL (see docs/operations.md)"
    )


def missing_keys(log: Log, control: Control) -> tuple[int, int]:
    """Count the keys that the newest texts are sealed with, and those of them that are missing.

    A control store that is older than the events, out of a backup, lacks some and not all.
    Where an operator goes on without the old texts, none are missed.
    """
    asked = _asked(_sound(log.after(max(0, log.head() - RECENT), RECENT)), control)
    if control.has_secret(GIVEN_UP):
        return len(asked), 0
    return len(asked), len(asked - Keyring(control).known(asked))


def give_up_texts(control: Control) -> None:
    """Go on without the texts whose keys are lost."""
    control.secret(GIVEN_UP)


def _looked_at(log: Log) -> list[Row]:
    newest = max(0, log.head() - LOOKED_AT)
    rows = [*log.after(0, LOOKED_AT), *log.after(newest, LOOKED_AT)]
    return _sound(rows)


def _sound(rows: list[Row]) -> list[Row]:
    return [row for row in rows if isinstance(row.state, bytes)]  # a damaged one may be anything


def _written(rows: list[Row]) -> set[str]:
    """Find at once what looks like the ids of keys."""
    return {found.decode() for row in rows for found in KEY_ID.findall(row.state)}


def _asked(rows: list[Row], control: Control) -> set[str]:
    """Find which keys are needed to open the texts, as it really is done."""
    keyring = _Empty(control)
    for row in rows:
        with suppress(ValueError, Refused):  # a damaged event tells nothing of keys
            unseal(decode(row.type, row.state), keyring)
    return keyring.asked


class _Empty(Keyring):
    """Has no key, and remembers which it was asked for."""

    def __init__(self, control: Control) -> None:
        super().__init__(control)
        self.asked: set[str] = set()

    def key(self, key_id: str) -> None:
        """Find no key."""
        self.asked.add(key_id)
