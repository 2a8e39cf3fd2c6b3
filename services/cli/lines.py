"""Lines of a file or of standard input, as they come, in memory that does not grow."""

import io
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from services.cli.errors import Usage
from services.cli.show import note

KEPT: Final = 256 * 1024 + 1
"""Bytes kept of a line: one more than any event may have."""

CHUNK: Final = 64 * 1024
PATIENCE: Final = 0.2
"""Seconds without input after which what came so far is not kept waiting."""

BOM: Final = b"\xef\xbb\xbf"
FOREIGN: Final = {
    b"\x1f\x8b": "is packed with gzip; unpack it: gunzip -c FILE | longcase publish",
    b"\xff\xfe": "is UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE | longcase publish",
    b"\xfe\xff": "is UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE | longcase publish",
}
"""How files begin that hold no lines of UTF-8, and what to do with them."""


class Line(NamedTuple):
    """One line; `body` is its beginning where `size` says that there was more."""

    number: int
    body: bytes
    size: int


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a file to read from; ``-`` is standard input.

    Raises:
        Usage: If it cannot be opened.
    """
    if name == "-":
        if sys.stdin.isatty():
            note("reading events from the terminal, one on each line; Ctrl-D ends")
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115  it is closed below
    except (OSError, ValueError) as error:
        raise Usage(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    with file:
        yield file


def empty(path: Path, source: str) -> None:
    """Make the file of what is refused, or empty it.

    Raises:
        Usage: If it is the file that is read, or cannot be written.
    """
    try:
        if source != "-" and path.exists() and path.samefile(source):
            raise Usage(f"--rejects: {path} is the file that is read; name another one")
        path.write_bytes(b"")
    except OSError as error:
        raise Usage(f"--rejects: {error.filename}: {error.strerror}") from None


def lines_of(stream: BinaryIO, name: str) -> Iterator[Line | None]:
    """Yield the lines that are not empty, and ``None`` whenever nothing comes for a while.

    Raises:
        Usage: If the file is packed or in an encoding without lines.
    """
    kept, size, number = bytearray(), 0, 1
    for chunk in _chunks(stream, name):
        if chunk is None:
            yield None
            continue
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            kept += part[: KEPT - len(kept)]
            if kept.strip():
                yield Line(number, bytes(kept), size + len(part))
            kept.clear()
            size, number = 0, number + 1
        kept += rest[: KEPT - len(kept)]
        size += len(rest)
    if kept.strip():
        yield Line(number, bytes(kept), size)


def _chunks(stream: BinaryIO, name: str) -> Iterator[bytes | None]:
    first = True
    while True:
        while not _is_ready(stream):
            yield None
        chunk = stream.read1(CHUNK) if isinstance(stream, io.BufferedReader) else stream.read(CHUNK)
        if not chunk:
            return
        if first:
            _check_foreign(chunk, name)
            chunk = chunk.removeprefix(BOM)
        first = False
        yield chunk


def _check_foreign(beginning: bytes, name: str) -> None:
    for sign, what in FOREIGN.items():
        if beginning.startswith(sign):
            raise Usage(f"{'standard input' if name == '-' else name} {what}")


def _is_ready(stream: BinaryIO) -> bool:
    """Say whether a read would not wait; a stream in memory never does."""
    try:
        return bool(select.select([stream.fileno()], [], [], PATIENCE)[0])
    except (OSError, ValueError):
        return True
