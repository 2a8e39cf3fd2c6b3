"""A company folded twice: for who may read everything, and for those who may not read it all.

The two are one until something restricted is folded, and are kept as one while they are equal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from domain.events import Logged
from domain.values import Reader, everything
from projections.dossier.fold import Folded, read, seen
from projections.dossier.record import dossier, dump, held
from projections.dossier.standing import standing
from projections.dossier.tables import Kept

STAFF: Final = Reader(frozenset(("public", "internal")))
"""Who reads everything but what is restricted."""

EVERYTHING: Final = everything()

Documents = tuple[bytes, bytes | None]
"""For who may read everything; and, if it differs, for the others."""


@dataclass(slots=True)
class Sides:
    """One company on both sides.

    Attributes:
        place: The last thing that happened: (occurred_at in microseconds, position).
        position: The largest position folded.
    """

    full: Folded = field(default_factory=Folded)
    internal: Folded | None = None
    place: tuple[int, int] = (-1, 0)
    position: int = 0

    def take(self, logged: Logged, lived: Sequence[Logged] = ()) -> None:
        """Fold one event, which happened after all that were before.

        Args:
            lived: Where it splits a ticket, what counts in the two from then on.
        """
        self._split_for([logged, *lived])
        self.full.take(logged, EVERYTHING, lived)
        if self.internal:
            self.internal.take(logged, STAFF, lived)
        self.place = logged.happened
        self.position = max(self.position, logged.position)

    def recall(self, events: Iterable[Logged]) -> None:
        """Fold what happened earlier to tickets that are not at hand."""
        earlier = list(events)
        self._split_for(earlier)
        for logged in earlier:
            self.full.recall(logged.event)
            if self.internal:
                self.internal.recall(seen(logged, STAFF))

    def add(self, stream: str, documents: Documents) -> None:
        """Put a ticket at hand."""
        doc, internal = documents
        if internal is not None and self.internal is None:
            self.internal = self.full.copy()
        self.full.tickets[stream] = held(orjson.loads(doc))
        if self.internal:
            self.internal.tickets[stream] = held(orjson.loads(internal or doc))

    @property
    def company(self) -> Documents:
        """Write the company's record."""
        return _both(
            dump(self.full.company), dump(self.internal.company) if self.internal else None
        )

    @property
    def standing(self) -> Documents:
        """Write how the company stands, in short."""
        return _both(
            dump(standing(self.full.company)),
            dump(standing(self.internal.company)) if self.internal else None,
        )

    def ticket(self, stream: str) -> Documents:
        """Write one ticket."""
        return _both(
            dump(self.full.tickets[stream]),
            dump(self.internal.tickets[stream]) if self.internal else None,
        )

    @property
    def whole(self) -> Documents:
        """Write the whole documents."""
        return _both(self.full.document, self.internal.document if self.internal else None)

    def _split_for(self, events: Iterable[Logged]) -> None:
        if self.internal is None and any(e.event.visibility == "restricted" for e in events):
            self.internal = self.full.copy()


def of_record(kept: Kept | None) -> Sides:
    """Read back a company's record, without tickets; a new one if there is none."""
    return _sides(kept, lambda record: Folded(dossier(orjson.loads(record))))


def of_document(kept: Kept | None) -> Sides:
    """Read back a company with its open tickets; a new one if there is none."""
    return _sides(kept, read)


def _sides(kept: Kept | None, revived: Callable[[bytes], Folded]) -> Sides:
    if kept is None:
        return Sides()
    internal = revived(kept.internal) if kept.internal else None
    return Sides(revived(kept.doc), internal, kept.place, kept.position)


def _both(full: bytes, internal: bytes | None) -> Documents:
    return full, None if internal == full else internal
