"""Records before the desk: many in one commit, in order, each with what became of its events.

One bad event never holds up the others.  What the desk cannot decide by a defect of ours is
told apart from the rest, refused as such, and said in the log.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import structlog

from domain.errors import Refused
from services.bus import Message
from services.desk import BATCH, Desk
from services.inbox.reading import events_of
from services.receipts import Receipt, refused
from services.wire import Report, read_cloud_event, trace_of

BATCH_BYTES: Final = 8 * 1024 * 1024
"""Bytes decided in one commit, about."""

DEFECTS: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
"""What code raises that met something it was not written for; no database fails with these."""

UNDECIDABLE: Final = "undecidable"

logger = structlog.get_logger()


class Waiting(NamedTuple):
    """A report that waits for its commit, and where its receipt goes."""

    report: Report
    receipts: list[Receipt | None]
    place: int


class Taking:
    """Takes records, in order, and says what became of each event in them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: list[Waiting] = []
        self._bytes = 0
        self.commits = 0
        """How often the desk was asked."""

    def take(self, messages: Sequence[Message]) -> list[list[Receipt]]:
        """Record what *messages* report; a list of receipts for each, one for each event.

        Raises:
            Unavailable: If the store cannot be written now.
        """
        self._waiting.clear()  # what an attempt that failed has left
        told: list[list[Receipt | None]] = []
        for message in messages:
            told.append([])
            trace = _trace_of(message)
            for event in self._events(message, told[-1]):
                self._hear(event, told[-1], trace)
        self._record()
        return [[receipt for receipt in receipts if receipt] for receipts in told]

    def _events(self, message: Message, receipts: list[Receipt | None]) -> list[bytes]:
        try:
            return events_of(message)
        except (Refused, *DEFECTS) as error:
            receipts.append(_refused("", error))
            return []

    def _hear(self, event: bytes, receipts: list[Receipt | None], trace: str | None) -> None:
        try:
            report = read_cloud_event(event, self._resolve)
            if trace and not report.traceparent:
                report = replace(report, traceparent=trace)
        except (Refused, *DEFECTS) as error:
            receipts.append(_refused("", error))
            return
        self._waiting.append(Waiting(report, receipts, len(receipts)))
        receipts.append(None)
        self._bytes += len(event)
        if len(self._waiting) == BATCH or self._bytes > BATCH_BYTES:
            self._record()

    def _resolve(self, wanted: str, reference: str) -> str | None:
        """Find whom a reference means; what is not recorded yet may be what it means."""
        found = self._desk.resolve(wanted, reference)
        if found is None and self._waiting:
            self._record()
            found = self._desk.resolve(wanted, reference)
        return found

    def _record(self) -> None:
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        receipts = self._decided([one.report for one in waiting])
        self.commits += 1
        for one, receipt in zip(waiting, receipts, strict=True):
            one.receipts[one.place] = receipt

    def _decided(self, reports: Sequence[Report]) -> list[Receipt]:
        """Let the desk decide, in halves if it stumbles, down to the one it stumbles over."""
        if not reports:
            return []
        try:
            return self._desk.record(reports)
        except DEFECTS as error:
            if len(reports) == 1:
                return [_refused(reports[0].stream_id, error)]
            half = len(reports) // 2
            return [*self._decided(reports[:half]), *self._decided(reports[half:])]


def _refused(stream_id: str, error: Exception) -> Receipt:
    if isinstance(error, Refused):
        return refused(stream_id, error)
    logger.error("an event cannot be decided", stream=stream_id, error=repr(error)[:300])
    reason = "longcase stumbled over this event; its log says how"
    return Receipt("refused", stream_id, code=UNDECIDABLE, reason=reason)


def _trace_of(message: Message) -> str | None:
    """Find the trace that a record was sent in."""
    said = dict(message.headers).get("traceparent") or b""
    return trace_of(said.decode("ascii", "replace"))
