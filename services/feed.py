"""A feed brings recorded events to a projector, in order; it cannot tell from where."""

from collections.abc import Container, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from domain.errors import Refused
from domain.events import Logged, decode
from domain.values import moment, rfc3339
from services.control import Keyring
from services.sealing import unseal
from services.store import Log, Row

AT_ONCE: Final = 250
"""Events read from the store by one statement."""


class Unreadable(Exception):
    """A stored event is none that this code knows, or its text was changed."""


class Step(NamedTuple):
    """One event to be folded.

    Attributes:
        logged: The event, opened; or why it cannot be read.
        next_offset: Where to read on once it is folded; 0 on the store's own log.
    """

    row: Row
    logged: Logged | Unreadable
    next_offset: int = 0


class Stray(NamedTuple):
    """One record on the bus that is not what the store recorded; it is set aside."""

    offset: int
    reason: str


class Feed(Protocol):
    """Where a projector reads from: the store's log, or Kafka."""

    def steps(self, after: int, limit: int) -> list[Step]:
        """List the events after a position, at most *limit*."""


class StoreFeed:
    """Follows the store's own log: no broker, one process is enough."""

    def __init__(self, log: Log, keyring: Keyring) -> None:
        self._log = log
        self._keyring = keyring

    def page(self, after: int, limit: int) -> list[Logged]:
        """List the events after a position, opened, at most *limit*; all must be readable."""
        return opened(self._log.after(after, limit), self._keyring)

    def steps(self, after: int, limit: int) -> list[Step]:
        """List the events after a position, at most *limit*."""
        rows = self._log.after(after, limit)
        return [Step(*pair) for pair in zip(rows, readable(rows, self._keyring), strict=True)]

    def at(self, position: int) -> Logged | Unreadable:
        """Find one event that is in the store."""
        return readable(self._log.at_all([position]), self._keyring)[0]

    def history(self, stream_id: str, upto: int, without: Container[int] = ()) -> list[Logged]:
        """List a stream's events up to a position, opened, in the order they happened.

        Args:
            without: Positions that are left out.
        """
        rows = self._log.of_stream(stream_id, upto)
        left = [row for row in rows if row.position not in without]
        return sorted(opened(left, self._keyring), key=lambda logged: logged.happened)

    def at_all(self, positions: Sequence[int]) -> list[Logged]:
        """List the events at *positions*, opened, in that order; at most a few hundred."""
        return opened(self._log.at_all(positions), self._keyring)

    def before(
        self, streams: Sequence[str], place: tuple[int, int], upto: int, without: Container[int]
    ) -> list[Logged]:
        """List what happened to *streams* by *place*, opened, in that order.

        Args:
            place: (occurred_at in microseconds, position), itself included.
            without: Positions that are left out.
        """
        at, position = rfc3339(moment(place[0])).encode(), place[1]
        found = [
            known.position
            for known in (self._log.places(streams, upto) if streams else ())
            if (known.happened, known.position) <= (at, position) and known.position not in without
        ]
        parts = (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))
        return [logged for part in parts for logged in self.at_all(part)]


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


def readable(rows: Sequence[Row], keyring: Keyring) -> list[Logged | Unreadable]:
    """Decode stored rows and open their text; say of each that cannot be read why not."""
    try:
        return list(opened(rows, keyring))
    except UNREADABLE:
        return [_tried(row, keyring) for row in rows]


def _tried(row: Row, keyring: Keyring) -> Logged | Unreadable:
    try:
        return opened([row], keyring)[0]
    except UNREADABLE as error:
        return Unreadable(f"{type(error).__name__}: {error}")


UNREADABLE: Final = (Refused, ValueError)
"""What `decode` and `unseal` raise for a document that is not as it should be."""
