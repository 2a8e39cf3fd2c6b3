"""Recording lines in batches, and what became of each of them, in order."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import orjson

from domain.errors import InvalidReport, Refused, TooLarge
from services.cli.lines import Line
from services.desk import BATCH, Desk
from services.receipts import Receipt, refused
from services.wire import LIMIT, Report, Resolve, read_cloud_event

BATCH_BYTES: Final = 8 * 1024 * 1024

CLEARER: Final = {
    " at line 1 column ": " at column ",
    "unexpected end of hex escape": "half a surrogate pair is not text",
}
"""What the parser of JSON says, and what it means where each event is a line."""


class Outcome(NamedTuple):
    """What became of one line."""

    line: Line
    receipt: Receipt


class Publisher:
    """Takes lines, each a CloudEvent, and records them through the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: list[tuple[Line, Report | Receipt]] = []
        self._bytes = 0
        self._done: list[Outcome] = []

    def each(self, lines: Iterable[Line | None]) -> Iterator[Outcome]:
        """Record lines as they come; one that is refused is left out."""
        for line in lines:
            if line is None:
                self._record()
            else:
                self._take(line)
            if len(self._waiting) == BATCH or self._bytes > BATCH_BYTES:
                self._record()
            yield from self._drained()
        self._record()
        yield from self._drained()

    def together(self, lines: Iterable[Line]) -> list[Outcome]:
        """Record all of the lines or none; at most as many as one commit takes."""
        read = [(line, _read(line, self._desk.resolve)) for line in lines]
        if any(isinstance(found, Receipt) for _, found in read):
            others = InvalidReport("another line of the batch is refused; nothing was recorded")
            return [
                Outcome(line, found if isinstance(found, Receipt) else refused("", others))
                for line, found in read
            ]
        reports = [found for _, found in read if isinstance(found, Report)]
        receipts = self._desk.record(reports, atomic=True)
        return [Outcome(line, told) for (line, _), told in zip(read, receipts, strict=True)]

    def _take(self, line: Line) -> None:
        found = _read(line, self._resolve)
        self._waiting.append((line, found))
        self._bytes += len(line.body)

    def _resolve(self, wanted: str, reference: str) -> str | None:
        """Find whom a reference means; what is not recorded yet may be what it means."""
        found = self._desk.resolve(wanted, reference)
        if found is None and self._waiting:
            self._record()
            found = self._desk.resolve(wanted, reference)
        return found

    def _record(self) -> None:
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        reports = [found for _, found in waiting if isinstance(found, Report)]
        receipts = iter(self._desk.record(reports) if reports else ())
        for line, found in waiting:
            told = found if isinstance(found, Receipt) else next(receipts)
            self._done.append(Outcome(line, told))

    def _drained(self) -> list[Outcome]:
        done, self._done = self._done, []
        return done


def _read(line: Line, resolve: Resolve) -> Report | Receipt:
    """Read a line as a report, or say why it is none."""
    try:
        if line.size > LIMIT:
            raise TooLarge(f"the line has {line.size:,} bytes; an event has at most {LIMIT:,}")
        return read_cloud_event(line.body, resolve)
    except Refused as refusal:
        return refused(_subject(line.body), _clearer(refusal, line.body))


def _clearer(refusal: Refused, body: bytes) -> Refused:
    """Say what a parser of JSON cannot know: the encoding, and that a line is all it saw."""
    if not isinstance(refusal, InvalidReport):
        return refusal
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return InvalidReport(f"byte {error.start + 1} of the line is not UTF-8; convert the file")
    if body.lstrip().startswith(b"["):
        return InvalidReport("a list is not an event; write each event on a line of its own")
    told = str(refusal)
    for said, meant in CLEARER.items():
        told = told.replace(said, meant)
    return InvalidReport(told)


def _subject(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["subject"])[:200]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return ""
