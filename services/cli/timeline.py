"""`longcase timeline`: a company's whole story, filtered, page by page or as it comes."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import orjson

from services.cli import local
from services.cli.asked import Asked
from services.cli.errors import Usage
from services.cli.kinds import Cursor, bare, limit
from services.cli.show import TEXT, Columns, Output, dumped, line, note, table, when

if TYPE_CHECKING:
    from threading import Event

    from projections.timeline_filter import Filter
    from projections.timeline_query import Page
    from services.deployment import Deployment
    from services.reading import Reading

LARGEST: Final = 200
"""Entries that are read at once."""

LOOK_SECONDS: Final = 0.25
"""How often `--follow` looks for what is new."""


def _marks(entry: dict[str, Any]) -> str:
    marks = ["late"] if entry["late"] else []
    if entry["visibility"] != "public":
        marks.append(entry["visibility"])
    return ", ".join(marks)


def _arr(context: dict[str, Any]) -> str:
    return f"{context['currency']} {context['arr']}" if context["arr"] else "not known"


COLUMNS: Final[Columns] = {
    "Position": lambda e: str(e["position"]),
    "Happened (UTC)": lambda e: when(e["occurred_at"]),
    "Ticket": lambda e: e["ticket_id"],
    "Mark": _marks,
    "What": lambda e: e["text"],
}

VALUED: Final[Columns] = {
    **{name: read for name, read in COLUMNS.items() if name != "What"},
    "ARR then": lambda e: _arr(e["context"]),
    "What": COLUMNS["What"],
}
"""The columns with what a company was worth."""

EVERYTHING: Final = Asked()


def timeline(
    company: str,
    /,
    *,
    asked: Asked = EVERYTHING,
    after: Cursor = None,
    before: Cursor = None,
    limit: Annotated[int, limit(1_000_000)] = 50,
    order: Literal["asc", "desc"] = "asc",
    follow: bool = False,
    context: bool = False,
    output: Output = TEXT,
) -> None:
    """Read a company's whole story, in the order it happened.

    Filters of one kind mean any of them, of several kinds all of them.  Times are RFC 3339
    with a zone, or a date, which means its midnight UTC.  An entry marked late was learned
    after something that happened later.

    Args:
        company: The company's id; longcase companies finds it.
        after: Go on after this cursor, as the page before named it.
        before: Go back to what is before this cursor.
        limit: How many entries to show, at most.
        order: Oldest first (asc) or newest first (desc).
        follow: Show what is recorded from now on, as it comes, until Ctrl-C.
        context: With what the company was worth when each entry happened.
    """
    if follow and (after or before or output.json):
        raise Usage("--follow starts now, and never ends: leave --after, --before and --json out")
    if follow and context:
        raise Usage("--context is told of a page, not while following: leave one of the two out")
    company = bare("company", company)
    with local.reading() as (reading, deployment):
        wanted = asked.filter(reading)
        if follow:
            _follow(reading, deployment, company, wanted, output)
            return
        page = _read(reading, company, wanted, limit, after=after, before=before, order=order)
        if context:
            entries = reading.in_context(page.entries, wanted, page.position)
            page = replace(page, entries=entries)
    _print(page, VALUED if context else COLUMNS, output)


def _read(
    reading: "Reading", company: str, filter: "Filter", limit: int, *,
    after: str | None, before: str | None, order: str,
) -> "Page":  # fmt: skip
    """Read as many pages as *limit* asks for, as one."""

    def part(most: int, after: str | None, before: str | None) -> "Page":
        return reading.timeline(
            company, filter, after=after, before=before, limit=min(most, LARGEST), order=order
        ).page

    whole = part(limit, after, before)
    while len(whole.entries) < limit and (whole.prev if before else whole.next):
        rest = limit - len(whole.entries)
        if before:
            more = part(rest, None, whole.prev)
            whole = replace(whole, entries=more.entries + whole.entries, prev=more.prev)
        else:
            more = part(rest, whole.next, None)
            whole = replace(whole, entries=whole.entries + more.entries, next=more.next)
    return whole


def _print(page: "Page", columns: Columns, output: Output) -> None:
    if output.form == "json":
        print(dumped(page.json()))
        return
    if output.form == "jsonl":
        for entry in page.entries:
            print(dumped(entry))
    else:
        rows = [orjson.loads(entry) for entry in page.entries]
        table(rows, columns, output, "nothing happened that fits what is asked")
    sys.stdout.flush()
    if page.next:
        note(f"more: --after {page.next}")
    if page.prev:
        note(f"back: --before {page.prev}")


def _follow(
    reading: "Reading", deployment: "Deployment", company: str, filter: "Filter", output: Output
) -> None:
    from services.cli.serving import until_told

    reading.company(company)
    position = reading.position("timeline")
    # An interrupt that is raised wherever Python is can come upon a finalizer, and be lost.
    with until_told() as stop:
        note(f"following {company} after position {position}; Ctrl-C ends")
        for entry in _arrivals(reading, deployment, company, filter, position, stop=stop):
            if output.form == "jsonl":
                print(dumped(entry), flush=True)
            else:
                line("  ".join(str(read(orjson.loads(entry)) or "-") for read in COLUMNS.values()))
                sys.stdout.flush()
    raise KeyboardInterrupt


def _arrivals(
    reading: "Reading",
    deployment: "Deployment",
    company: str,
    filter: "Filter",
    position: int,
    *,
    stop: "Event",
) -> Iterator[bytes]:
    """Yield what is recorded after *position*, in recorded order, until *stop* is set."""
    while not stop.is_set():
        deployment.catch_up()
        for arrival in reading.since(company, filter, position):
            position = arrival.position
            yield arrival.entry
        stop.wait(LOOK_SECONDS)
