"""Stored events, put in order by their times, and opened when they are looked at."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from domain.events import Logged
from services.control import Keyring
from services.feed import opened
from services.store import Log, Place, Row

READ_AT_ONCE: Final = 250
"""Events read from the store by one statement."""


class Events(Sequence[Logged]):
    """Stored events in the order they happened, read and opened when they are looked at."""

    def __init__(self, places: Sequence[Place], log: Log, keyring: Keyring) -> None:
        self.places = places
        self._log = log
        self._keyring = keyring

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Logged: ...

    @overload
    def __getitem__(self, index: slice) -> "Events": ...

    def __getitem__(self, index: int | slice) -> "Logged | Events":
        if isinstance(index, slice):
            return Events(self.places[index], self._log, self._keyring)
        return opened(self._log.at_all([self.places[index].position]), self._keyring)[0]

    def __iter__(self) -> Iterator[Logged]:
        return (logged for rows in self.stored() for logged in opened(rows, self._keyring))

    def stored(self) -> Iterator[list[Row]]:
        """Read them, some hundreds at a time, text still sealed."""
        for start in range(0, len(self.places), READ_AT_ONCE):
            part = self.places[start : start + READ_AT_ONCE]
            yield self._log.at_all([place.position for place in part])

    def backwards(self) -> Iterator[Row]:
        """Read them from the last one on, text still sealed."""
        for end in range(len(self.places), 0, -READ_AT_ONCE):
            part = self.places[max(0, end - READ_AT_ONCE) : end]
            yield from reversed(self._log.at_all([place.position for place in part]))

    def only(self, places: Iterable[Place]) -> "Events":
        """Keep some of them."""
        return Events([*places], self._log, self._keyring)

    def open(self, row: Row) -> Logged:
        """Open one of them that was read."""
        return opened([row], self._keyring)[0]
