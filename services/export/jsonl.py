"""Export of a company's history as JSON lines, with a manifest that says what is complete.

``events.jsonl`` holds the stored bytes of every event, untouched, with their place and hash;
the same range gives the same bytes.  ``opened.jsonl`` holds them with the text open, as far as
the one who asks may read it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from domain.values import Reader, rfc3339
from projections.redaction import redact
from services.control import Keyring
from services.feed import opened
from services.store import Log, Row

PAGE: Final = 500


@dataclass(slots=True)
class Written:
    """One file of an export, as it grows."""

    path: Path
    hashed: Any
    lines: int = 0

    def write(self, line: bytes) -> None:
        """Append one line."""
        with self.path.open("ab") as file:
            file.write(line)
        self.hashed.update(line)
        self.lines += line.count(b"\n")


def export_company(
    log: Log,
    keyring: Keyring,
    reader: Reader,
    company_id: str,
    folder: Path,
    *,
    asked_by: str,
    united: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Write a company's history into *folder* and return the manifest.

    It is that of its own record: a proof is of one company's unbroken sequence.  Records that
    count as one with it are exported each for itself; the manifest names them.

    Args:
        reader: What the one who asks may read; the rest is marked as restricted.
        united: The company it was merged into, and those it absorbed.

    Raises:
        FileExistsError: If the folder holds an export already.
        LookupError: If nothing was ever recorded of the company.
    """
    total = log.company_head(company_id)
    if not total:
        raise LookupError(f"nothing is recorded of company {company_id}")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "manifest.json").exists():
        raise FileExistsError(f"{folder} holds an export already; choose an empty folder")
    stored, clear = _start(folder / "events.jsonl"), _start(folder / "opened.jsonl")
    first = last = 0
    for rows in _pages(log, company_id, total):
        first, last = first or rows[0].position, rows[-1].position
        stored.write(b"".join(map(_stored_line, rows)))
        clear.write(b"".join(_opened_lines(rows, keyring, reader)))
        if progress:
            progress(stored.lines, total)
    manifest = {
        "format": "longcase-export-1",
        "company_id": company_id,
        "company_seq": [1, total],
        "positions": [first, last],
        "count": stored.lines,
        "united_with": {"merged_into": None, "absorbed": [], **(united or {})},
        "files": {
            file.path.name: {"lines": file.lines, "sha256": file.hashed.hexdigest()}
            for file in (stored, clear)
        },
        "exported_at": rfc3339(datetime.now(UTC)),
        "exported_by": asked_by,
        "readable": sorted(reader.visibilities),
    }
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return manifest


def _start(path: Path) -> Written:
    path.write_bytes(b"")
    return Written(path, hashlib.sha256())


def _pages(log: Log, company_id: str, total: int) -> Iterator[list[Row]]:
    after = 0
    while after < total:
        rows = log.of_company(company_id, after, min(PAGE, total - after))
        yield rows
        after = rows[-1].company_seq or total


def _stored_line(row: Row) -> bytes:
    place = orjson.dumps(
        {
            "position": row.position,
            "company_seq": row.company_seq,
            "stream_id": row.stream_id,
            "stream_version": row.stream_version,
            "committed_at": row.committed_at,
            "late": bool(row.late),
            "sha256": hashlib.sha256(row.state).hexdigest(),
        }
    )
    return place[:-1] + b',"document":' + row.state + b"}\n"


def _opened_lines(rows: list[Row], keyring: Keyring, reader: Reader) -> Iterator[bytes]:
    for logged in opened(rows, keyring):
        event = logged.event
        readable = event.visibility in reader.visibilities
        yield (event if readable else redact(event)).encode() + b"\n"
