"""A feed brings recorded events to a projector, in order; it cannot tell from where."""

from collections.abc import Iterable
from typing import Protocol

from domain.events import Logged, decode
from services.control import Keyring
from services.sealing import unseal
from services.store import Log, Row


class Feed(Protocol):
    """Where a projector reads from: the store's log, or Kafka."""

    def page(self, after: int, limit: int) -> list[Logged]:
        """List the events after a position, opened, at most *limit*."""


class StoreFeed:
    """Follows the store's own log: no broker, one process is enough."""

    def __init__(self, log: Log, keyring: Keyring) -> None:
        self._log = log
        self._keyring = keyring

    def page(self, after: int, limit: int) -> list[Logged]:
        """List the events after a position, opened, at most *limit*."""
        return opened(self._log.after(after, limit), self._keyring)

    def history(self, stream_id: str, upto: int) -> list[Logged]:
        """List a stream's events up to a position, opened, in the order they happened."""
        return sorted(
            opened(self._log.of_stream(stream_id, upto), self._keyring), key=lambda e: e.happened
        )


def opened(rows: Iterable[Row], keyring: Keyring) -> list[Logged]:
    """Decode stored rows and open their text."""
    return [
        Logged(
            row.position,
            row.stream_version,
            row.company_seq,
            row.public_seq,
            row.committed_at,
            bool(row.late),
            unseal(decode(row.type, row.state), keyring),
        )
        for row in rows
    ]
