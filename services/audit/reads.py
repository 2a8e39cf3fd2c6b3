"""Read audit: that somebody looked is on record before the answer leaves.

The events stand in streams of their own, ``reads/<day>:<process>``, outside every company's
timeline.  Nobody else writes there and no rule asks what stands there, so they are put straight
into the store, at their place in its order.  Looks that happen at once share a commit.  A kill,
or a reply of the store that is lost, leaves a look too many, never one too few.
"""

import secrets
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import uuid_utils.compat
from eventsourcing.persistence import PersistenceError, StoredEvent
from pydantic import ValidationError

from domain.events import Recorded, Source
from domain.events.envelope import document_of
from domain.events.reads import TimelineViewed
from domain.values import micros
from projections.database import failures
from services.desk import Desk, Unavailable
from services.security import Identity
from services.store import Conflict, Placement
from services.wire import OURS

TRIES: Final = 3
"""How often a commit is tried; each time in a new stream, so that it matters not how far the
one before came."""

LOOK: Final = document_of(TimelineViewed)


class ReadAudit:
    """Writes down what one process let people read."""

    def __init__(self, desk: Desk) -> None:
        self._recorder = desk.recorder
        self._stream = _Stream(self._recorder)
        self._local = threading.local()
        self._commit = threading.Lock()
        self._waiting: deque[_Look] = deque()

    def viewed(
        self,
        who: Identity,
        company_id: str,
        *,
        ticket_id: str | None = None,
        position: int,
        count: int,
        purpose: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        card_digest: str | None = None,
    ) -> None:
        """Record that *who* read *count* entries as of *position*.

        Args:
            since: From when on they asked; *until*: until when, or as of when the card was.
            card_digest: Of the card that they were shown.

        Raises:
            Unavailable: If it cannot be recorded; then nothing may be shown.
        """
        try:
            event = TimelineViewed(
                viewer_id=who.name,
                viewed_company_id=company_id,
                ticket_id=ticket_id,
                purpose=purpose,
                from_at=since,
                to_at=until,
                as_of_position=position,
                count=count,
                card_digest=card_digest,
            )
        except ValidationError as error:
            raise Unavailable(f"the read could not be recorded: {error}") from None
        gathered: list[_Look] | None = getattr(self._local, "gathered", None)
        if gathered is None:
            self._keep([_Look(event)])
        else:
            gathered.append(_Look(event))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all looks of this thread in one commit, at the end; until then nothing is shown.

        Raises:
            Unavailable: If they cannot be recorded.
        """
        looks: list[_Look] = []
        self._local.gathered = looks
        try:
            yield
        finally:
            self._local.gathered = None
        if looks:
            self._keep(looks)

    def _keep(self, looks: "Sequence[_Look]") -> None:
        """Wait until *looks* are durable; who comes to the commit first takes all along."""
        self._waiting.extend(looks)
        with self._commit:
            if not all(look.is_answered for look in looks):
                self._write([self._waiting.popleft() for _ in range(len(self._waiting))])
        if error := next((look.error for look in looks if look.error), None):
            raise error

    def _write(self, looks: "Sequence[_Look]") -> None:
        """Commit *looks*, and tell each of them how it went."""
        error: Exception | None = Unavailable("the read could not be recorded; try again")
        try:
            for _ in range(TRIES):
                try:
                    self._stream.append(looks)
                except _passing():
                    self._stream = _Stream(self._recorder)
                else:
                    error = None
                    break
        finally:
            for look in looks:
                look.error, look.is_answered = error, True


def _passing() -> tuple[type[Exception], ...]:
    """List what may be over at the next try."""
    return (Conflict, PersistenceError, *failures())


class _Stream:
    """The streams of one process, one for each day; where this one's commits go."""

    def __init__(self, recorder: Any) -> None:
        self._recorder = recorder
        self._process = secrets.token_hex(4)
        self._name = ""
        self._version = 0

    def append(self, looks: "Sequence[_Look]") -> None:
        """Put *looks* at the end, in one commit."""
        now = datetime.now(UTC)
        name = f"reads/{now:%Y-%m-%d}:{self._process}"
        if name != self._name:
            self._name, self._version = name, 0
        placement = Placement(
            micros(now),
            companies=[None] * len(looks),
            occurred=[micros(look.at) for look in looks],
            public=[False] * len(looks),
        )
        events = [
            StoredEvent(name, version, TimelineViewed.TYPE, look.document(name, now))
            for version, look in enumerate(looks, self._version + 1)
        ]
        self._recorder.insert_events(events, placement=placement)
        self._version += len(looks)


class _Look:
    """One look, waiting to be on record."""

    def __init__(self, event: TimelineViewed) -> None:
        self.event = event
        self.at = datetime.now(UTC)
        self.error: Exception | None = None
        self.is_answered = False

    def document(self, stream_id: str, now: datetime) -> bytes:
        """Write the bytes that are stored."""
        event_id = uuid_utils.compat.uuid7()
        happened: Recorded[TimelineViewed] = LOOK(
            event_id=event_id,
            type=TimelineViewed.TYPE,
            schema_version=TimelineViewed.VERSION,
            company_id=None,
            stream_id=stream_id,
            occurred_at=self.at,
            recorded_at=now,
            actor="system/longcase",
            source=Source(system=OURS, external_id=str(event_id)),
            visibility="restricted",
            data=self.event,
        )
        return happened.encode()
