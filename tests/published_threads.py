"""The figures of the IETF archives, recomputed from what we recorded of them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from domain.events.ticket import (
    TicketClosed,
)
from tests.published import Row, Ticket, described

REPOSITORIES: Final = (
    "ietf-rats-wg/architecture", "mlswg/mls-protocol", "quicwg/multipath", "tlswg/tls13-spec",
)  # fmt: skip

UNANSWERABLE: Final = {"_files": "of the files, not of what they say"} | {
    f"{repository}.{figure}": why
    for repository in REPOSITORIES
    for figure, why in {
        "snapshot": "when the archive was made is no step of a thread",
        "last_update": "an edit of an old text has a time, but nobody says what it was",
        "duplicate_label": "labels are left out: the archive does not say since when they hold",
    }.items()
}
"""Figures that what we record cannot answer, and why."""


def answers(found: dict[str, Ticket]) -> dict[str, Any]:
    """Recompute what is published of the archives."""
    by_repository: dict[str, list[Ticket]] = {name: [] for name in REPOSITORIES}
    for ticket in found.values():
        by_repository[str(ticket.opened.number).partition("#")[0]].append(ticket)
    rows = [row for ticket in found.values() for row in ticket.rows]
    return {
        **{name: _of(name, threads) for name, threads in by_repository.items()},
        "_total": {
            "by_type": Counter(row.activity for row in rows),
            "events": len(rows),
            "distinct_authors": len(_authors(found.values())),
            "threads": len(found),
        },
    }


def _of(name: str, threads: list[Ticket]) -> dict[str, Any]:
    rows = [row for thread in threads for row in thread.rows]
    kinds = Counter(row.activity for row in rows)
    numbers = Counter(thread.opened.number for thread in threads)
    return {
        "repo": name,
        "issues": kinds["issue_opened"],
        "pulls": kinds["pull_opened"],
        "events": len(rows),
        "by_type": kinds,
        "distinct_authors": len(_authors(threads)),
        "null_authors": Counter(row.activity for row in rows if _is_nobodys(row)),
        "duplicate_numbers": sum(times > 1 for times in numbers.values()),
        "first": f"{min(row.at for row in rows):%FT%TZ}",
        "events_per_thread": described(
            (len(t.rows) for t in threads), "min", "median", "mean", "p95", "max", digits=2
        ),
        "open": sum(
            not any(isinstance(step.event, TicketClosed) for step in thread.steps())
            for thread in threads
        ),
        "nonascii_comments": sum(_is_nonascii(row) for row in rows),
    }


def _authors(threads: Iterable[Ticket]) -> set[str]:
    actors = {step.actor for thread in threads for step in thread.steps()}
    return {actor.partition("/")[2] for actor in actors if not actor.startswith("system/")}


def _is_nobodys(row: Row) -> bool:
    return row.steps[0].actor == "contact/ghost"


def _is_nonascii(row: Row) -> bool:
    body = getattr(row.steps[0].event, "body", "")
    return row.activity in ("issue_comment", "pull_comment") and not body.isascii()
