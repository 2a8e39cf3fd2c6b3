"""A file of lines, plain or packed, as records with the number of the line they began on.

Promise: a line that cannot be read costs that line, never the ones after it.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from services.adapters.rejects import Rejects

LONGEST: Final = 1 << 20
"""Bytes of one line; no event takes more than a quarter of it."""

MOST_LINES: Final = 1_000
"""Lines of one record; a quote still open then was opened by mistake."""

PACKED: Final = b"\x1f\x8b"


class Line(NamedTuple):
    """One physical line; `problem` says why its text is not to be used."""

    number: int
    text: str
    problem: str | None = None


class Record(NamedTuple):
    """One record: the number of its first line, its text as it stands, and its fields."""

    line: int
    text: str
    fields: list[str]


class Lines:
    """Reads records; what cannot be read goes to the rejects.

    Attributes:
        header: The names of the columns; the second of a name is ``name#2``.
        size: Bytes of the file as it lies on disk.
    """

    def __init__(self, path: Path, delimiter: str, encoding: str, rejects: Rejects) -> None:
        """Open the file and read its header.

        Raises:
            OSError: If it cannot be opened.
            ValueError: If it has no header.
        """
        self._disk = path.open("rb")
        packed = self._disk.read(2) == PACKED
        self._disk.seek(0)
        self._file = gzip.GzipFile(fileobj=self._disk) if packed else self._disk
        self.size = path.stat().st_size
        self._delimiter = delimiter
        self._encoding = encoding
        self._rejects = rejects
        self._pending: deque[Line] = deque()
        self._lines = self._physical()
        self._beginning = hashlib.sha256()
        try:
            self.header = self._header(path)
        except ValueError:
            self.close()
            raise

    def done(self) -> int:
        """Say how many bytes of the file on disk have been read."""
        return self._disk.tell()

    def digest(self) -> str:
        """Identify the log by its header and its first line, in 12 hex digits.

        A log that has grown at its end since is still the same log.
        """
        if (first := self._take()) is not None:
            self._pending.appendleft(first)
            self._beginning.update(first.text.rstrip("\r\n").encode("utf-8", "replace"))
        return self._beginning.hexdigest()[:12]

    def records(self) -> Iterator[Record]:
        """Yield the records that have as many fields as the header; reject the others."""
        while (line := self._take()) is not None:
            if line.problem:
                self._rejects.add(line.problem, line=line.number, raw=line.text)
            elif line.text.strip("\r\n"):
                record = self._record(line)
                if len(record.fields) == len(self.header):
                    yield record
                elif record.fields:
                    self._reject_width(record)

    def parse(self, text: str) -> list[str]:
        """Split a record that was read before into its fields."""
        if '"' not in text:
            return text.rstrip("\r\n").split(self._delimiter)
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._disk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _header(self, path: Path) -> list[str]:
        line = self._take()
        if line is None or line.problem or not line.text.strip():
            why = f": {line.problem}" if line and line.problem else ""
            raise ValueError(f"{path}: the first line must name the columns{why}")
        text = line.text.removeprefix("\ufeff")
        self._beginning.update(text.rstrip("\r\n").encode() + b"\n")
        names: list[str] = []
        for number, name in enumerate(self._record(Line(1, text)).fields, 1):
            plain = " ".join(name.split()) or f"#{number}"
            again = sum(known.partition("#")[0] == plain for known in names)
            names.append(f"{plain}#{again + 1}" if again else plain)
        return names

    def _record(self, line: Line) -> Record:
        """Read one record from its first line on; no fields if it is broken, and rejected."""
        if '"' not in line.text:
            fields = line.text.rstrip("\r\n").split(self._delimiter)
            return Record(line.number, line.text, fields)
        taken = [line]
        try:
            reader = csv.reader(self._more(taken), delimiter=self._delimiter, strict=True)
            record = Record(line.number, "", next(reader))
        except csv.Error as error:
            problem = f"broken quotes: {error}"
        else:
            if len(taken) == 1 or len(record.fields) == len(self.header):
                return record._replace(text="".join(each.text for each in taken))
            problem = "broken quotes: the record goes on over lines that do not belong to it"
        self._pending.extendleft(reversed(taken[1:]))  # they are records of their own
        self._rejects.add(problem, line=line.number, raw=line.text)
        return Record(line.number, line.text, [])

    def _more(self, taken: list[Line]) -> Iterator[str]:
        yield taken[0].text
        while len(taken) < MOST_LINES and (line := self._take()) is not None:
            taken.append(line)
            if line.problem:
                return
            yield line.text

    def _reject_width(self, record: Record) -> None:
        self._rejects.add(
            f"{len(record.fields)} fields where the header has {len(self.header)}",
            line=record.line,
            raw=record.text,
        )

    def _take(self) -> Line | None:
        return self._pending.popleft() if self._pending else next(self._lines, None)

    def _physical(self) -> Iterator[Line]:
        number = 0
        while True:
            number += 1
            try:
                raw = self._file.readline(LONGEST)
                if not raw:
                    return
                cut = len(raw) == LONGEST and not raw.endswith(b"\n")
                if cut:
                    self._skip_line()
            except (EOFError, OSError, zlib.error) as error:
                problem = f"the file cannot be read from this line on: {error}"
                self._rejects.add(problem, line=number)
                return
            yield self._decoded(number, raw, cut=cut)

    def _decoded(self, number: int, raw: bytes, *, cut: bool) -> Line:
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            shown = raw.decode(self._encoding, "backslashreplace")
            problem = f"byte {error.start + 1} is not {self._encoding}"
            remedy = "the mapping can name another: [file] encoding"
            return Line(number, shown, f"{problem}; {remedy}")
        if cut:
            return Line(number, text, f"the line is longer than {LONGEST:,} bytes")
        if "\x00" in text:
            return Line(number, text, "the line holds a NUL character")
        return Line(number, text)

    def _skip_line(self) -> None:
        while (rest := self._file.readline(LONGEST)) and not rest.endswith(b"\n"):
            pass
