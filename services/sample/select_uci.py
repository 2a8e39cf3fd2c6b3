"""Selects the part of UCI 498 that ships: every row of every incident of seven sites.

Not run where longcase is used; it is kept so that anybody can make the same file again::

    python -m services.sample.select_uci incident_event_log.csv.gz

An incident belongs to the site (``location``) of its first row.  Rows and columns are kept as
they are, in their order; nothing is added.
"""

import csv
import gzip
import hashlib
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

ORIGINAL: Final = "fd184bbfd62329cfe093e99da2ea7071905f2ead91900b448eb2635870821bef"
"""SHA-256 of UCI's own CSV; shortened copies are common."""

SITES: Final = frozenset(f"Location {number}" for number in (15, 54, 56, 96, 135, 136, 229))
"""Middle-sized sites that have what is rare: reopened incidents, some that change their site."""


def selected(lines: Iterable[list[str]]) -> Iterator[list[str]]:
    """Yield the header and every row of the incidents that begin at one of `SITES`."""
    rows = iter(lines)
    header = next(rows)
    yield header
    number, location = header.index("number"), header.index("location")
    first_site: dict[str, str] = {}
    for row in rows:
        if first_site.setdefault(row[number], row[location]) in SITES:
            yield row


def main(original: Path, target: Path) -> None:
    """Write the selection; the same input gives the same bytes."""
    text = gzip.decompress(original.read_bytes())
    if hashlib.sha256(text).hexdigest() != ORIGINAL:
        raise SystemExit(f"{original} is not the whole of UCI 498")
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(selected(csv.reader(io.StringIO(text.decode()))))
    target.write_bytes(gzip.compress(out.getvalue().encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).with_name("uci498.csv.gz"))
