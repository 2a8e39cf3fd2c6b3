"""What could not be taken in, kept for putting right and bringing again."""

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

SHOWN: Final = 1_000
"""Bytes of a rejected line that are kept."""


class Rejects:
    """A file of JSON lines, one for each thing rejected; made when the first one comes.

    It holds the source's own text: treat it like the source.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self.count = 0
        self.examples: list[str] = []

    def add(
        self, reason: str, *, line: int | None = None, raw: str | None = None, **more: str
    ) -> None:
        """Keep what was rejected, why, and where it stood.

        Args:
            line: The number of the line in the file, from 1; of the first one if there are many.
            raw: The source's own text, of which 1 kB is kept.
        """
        self.count += 1
        entry: dict[str, object] = {} if line is None else {"line": line}
        entry |= {"reason": reason, **more}
        if raw is not None:
            entry["raw"] = raw.encode("utf-8", "backslashreplace")[:SHOWN].decode("utf-8", "ignore")
        self._write(entry)

    def _write(self, entry: dict[str, object]) -> None:
        if len(self.examples) < 5:  # noqa: PLR2004
            place = f"line {entry['line']}: " if "line" in entry else ""
            place = f"{entry['stream']}: " if "stream" in entry else place
            self.examples.append(f"{place}{entry['reason']}")
        if self._path is None:
            return
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
