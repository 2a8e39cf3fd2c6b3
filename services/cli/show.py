"""What is printed: a table on a terminal, plain text in a pipe, JSON where it is asked for."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from cyclopts import Parameter

from services.cli.errors import Usage, safe

Form = Literal["json", "jsonl", "text"]
Columns = Mapping[str, Callable[[Any], object]]
"""Heading to what stands under it."""

GAP: Final = "  "


@Parameter(name="*")
@dataclass(frozen=True)
class Output:
    """How the answer is printed.

    Attributes:
        json: Print one JSON document.
        jsonl: Print one JSON document on each line.
    """

    json: bool = False
    jsonl: bool = False

    def __post_init__(self) -> None:
        """Check what is asked.

        Raises:
            Usage: If two forms are asked for.
        """
        if self.json and self.jsonl:
            raise Usage("--json prints one document, --jsonl one on each line: choose one of them")

    @property
    def form(self) -> Form:
        """Say in which form to print."""
        return "json" if self.json else "jsonl" if self.jsonl else "text"


TEXT: Final = Output()


def is_terminal() -> bool:
    """Say whether a person reads standard output."""
    return sys.stdout.isatty()


def note(line: str) -> None:
    """Say something beside the answer, on standard error."""
    print(safe(line), file=sys.stderr, flush=True)


def line(text: str, *, faint: bool = False) -> None:
    """Print one line of text, which cannot steer the terminal."""
    coloured = faint and is_terminal() and not os.environ.get("NO_COLOR")
    print(f"\x1b[2m{safe(text)}\x1b[0m" if coloured else safe(text))


def place_of(stream_id: str, position: int, company_id: str | None) -> str:
    """Say where a report was recorded: stream, position, and whose it is."""
    place = f"{stream_id} at position {position}"
    if company_id == "unassigned":
        return f"{place}, of no known company: longcase tickets unassigned"
    is_said = company_id is None or stream_id == f"company/{company_id}"
    return place if is_said else f"{place}, of {company_id}"


def table(rows: Sequence[Any], columns: Columns, output: Output, nothing: str) -> None:
    """Print rows: as a table with *columns*, or all of each row as JSON.

    Args:
        nothing: What is said beside the answer if there are no rows.
    """
    if output.form != "text":
        documents(rows, output)
        return
    if not rows:
        note(nothing)
        return
    cells = [[_cell(read(row)) for read in columns.values()] for row in rows]
    if is_terminal():
        _on_terminal(list(columns), cells)
    else:
        _in_pipe(list(columns), cells)


def documents(items: Iterable[Any], output: Output) -> None:
    """Print items as JSON while they come: one array, or one on each line.

    Items may be JSON bytes already.
    """
    if output.form == "jsonl":
        for item in items:
            print(dumped(item))
        return
    opened = False
    for item in items:
        print(",\n" if opened else "[", dumped(item), sep="", end="")
        opened = True
    print("]" if opened else "[]")


def document(item: Any) -> None:
    """Print one JSON document."""
    print(dumped(item))


def dumped(item: Any) -> str:
    """Write JSON on one line."""
    return (item if isinstance(item, bytes) else orjson.dumps(item, default=str)).decode()


def when(text: str | None) -> str:
    """Shorten a time in RFC 3339, which is in UTC, to what a person reads."""
    return f"{text[:10]} {text[11:16]}" if text else ""


def day(text: str | None) -> str:
    """Shorten a time in RFC 3339 to its day in UTC."""
    return text[:10] if text else ""


def tree(value: Any, indent: str = "") -> Iterable[str]:
    """Write a document as indented lines, leaving out what is empty or zero."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not item:
                continue
            if isinstance(item, Mapping | list | tuple):
                within = list(tree(item, indent + GAP))
                yield from (f"{indent}{key}:", *within) if within else ()
            else:
                yield f"{indent}{key}: {item}"
    elif isinstance(value, list | tuple):
        for item in value:
            lines = list(tree(item))
            yield from (f"{indent}{'- ' if n == 0 else GAP}{text}" for n, text in enumerate(lines))
    else:
        yield f"{indent}{value}"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int):
        return f"{value:,}"
    return safe(str(value)) if value is not None else ""


def _on_terminal(headings: list[str], cells: list[list[str]]) -> None:
    """Print a table as wide as the terminal; the last column takes what is left, and folds."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, padding=(0, len(GAP), 0, 0), header_style="bold")
    for heading in headings:
        is_last = heading == headings[-1]
        shown.add_column(heading, no_wrap=not is_last, overflow="fold" if is_last else "ellipsis")
    for row in cells:
        shown.add_row(*map(Text, row))
    Console(highlight=False).print(shown)


def _in_pipe(headings: list[str], cells: list[list[str]]) -> None:
    rows = [[heading.upper() for heading in headings], *cells]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(GAP.join(padded).rstrip())
