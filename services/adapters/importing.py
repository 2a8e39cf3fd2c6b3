"""Old history goes through the same door as news: reports in, a summary out.

Promise: what is told as recorded is in the store.  A kill leaves what was recorded; running
the import again finds it there, answers `duplicate` for it, and adds the rest.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from services.adapters.rejects import Rejects
from services.desk import BATCH, Desk
from services.desk.decision import AHEAD
from services.receipts import Receipt
from services.wire import Report

EXAMPLES: Final = 5
"""Reports that a dry run shows."""

KNOWN: Final = "already-registered"
"""The refusal of a company or person whom another log, or the CRM, made known before."""

Progress = Callable[[int, int], None]
"""Told how many reports are done, and how many there are."""


@dataclass(slots=True)
class Summary:
    """What became of an import.

    Attributes:
        read: Reports that came out of the source.
        duplicate: Reports that were recorded by an earlier run, or by another source.
        refused: Reports that the desk refused; each is in the rejects, with the reason.
        rejected: Rows of the source that became no report; in the rejects too.
        tickets: Openings among the reports recorded now or before.
    """

    read: int = 0
    recorded: int = 0
    duplicate: int = 0
    refused: int = 0
    rejected: int = 0
    tickets: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Preview:
    """What an import would record: how many of which type, and the first few.

    Attributes:
        ahead: Those that the desk would refuse, for they are said to happen in the future.
    """

    by_type: Counter[str] = field(default_factory=Counter)
    ahead: int = 0
    examples: list[Report] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Count the reports."""
        return self.by_type.total()


def run_import(
    reports: Iterable[Report],
    desk: Desk,
    *,
    rejects: Rejects,
    total: int = 0,
    progress: Progress = lambda _done, _total: None,
    batch: int = BATCH,
) -> Summary:
    """Record the reports, a commit for each batch.

    Args:
        rejects: Gets what is refused; the rows rejected while reading are counted from it.
        total: How many reports there are, for the progress.

    Raises:
        Unavailable: If the store cannot be written; what was recorded so far stays.
    """
    began = time.monotonic()
    summary = Summary()
    for some in _batches(reports, batch):
        for report, receipt in zip(some, desk.record(some), strict=True):
            _count(summary, report, receipt, rejects)
        progress(summary.read, total)
    summary.rejected = rejects.count - summary.refused
    summary.seconds = time.monotonic() - began
    return summary


def preview(reports: Iterable[Report]) -> Preview:
    """Say what an import would record, and record nothing."""
    seen, latest = Preview(), datetime.now(UTC) + AHEAD
    for report in reports:
        seen.ahead += report.occurred_at > latest
        seen.by_type[report.event.TYPE] += 1
        if len(seen.examples) < EXAMPLES:
            seen.examples.append(report)
    return seen


def _batches(reports: Iterable[Report], size: int) -> Iterator[list[Report]]:
    rest = iter(reports)
    while some := list(islice(rest, size)):
        yield some


def _count(summary: Summary, report: Report, receipt: Receipt, rejects: Rejects) -> None:
    summary.read += 1
    if receipt.status == "accepted":
        summary.recorded += 1
    elif receipt.status == "duplicate" or receipt.code == KNOWN:
        summary.duplicate += 1
    else:
        summary.refused += 1
        rejects.add(
            receipt.reason or "refused",
            code=receipt.code or "",
            type=report.event.TYPE,
            stream=report.stream_id,
            external_id=report.source.external_id,
        )
        return
    summary.tickets += report.event.TYPE == "ticket.opened"
