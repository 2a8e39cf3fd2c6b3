"""`longcase publish`: CloudEvents, one on each line, through the desk.

Promise: a line that cannot be used costs that line, never the others; memory does not grow
with the file; a second run records nothing twice.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import orjson

from services.cli import local
from services.cli.errors import OK, REFUSED, Usage
from services.cli.kinds import File
from services.cli.lines import Line, empty, lines_of, opened
from services.cli.progress import Tick, progress
from services.cli.show import TEXT, Output, documents, is_terminal, line, note, place_of

if TYPE_CHECKING:
    from services.cli.publishing import Outcome

RAW: Final = 1_000
"""Bytes that are kept of a refused line that is not JSON."""


def publish(
    file: str = "-",
    /,
    *,
    rejects: File = None,
    atomic: bool = False,
    output: Output = TEXT,
    no_progress: bool = False,
) -> int:
    """Record CloudEvents, one in JSON on each line.

    Each line is answered: accepted, duplicate (it was recorded before; nothing changes) or
    refused, with the reason.  Refused lines are left out, the rest is recorded, and the
    command ends with 3.  docs/events.md lists the events and their fields.

    Args:
        file: The file to read; - is standard input.
        rejects: Write what is refused into this file, with line number and reason;
            jq -c .event FILE gives the events back, to be mended and published again.
        atomic: Record all of them or none; for at most 1,000 events.
        no_progress: Show no progress bar.
    """
    with ExitStack() as stack:
        source = stack.enter_context(opened(file))
        if rejects:
            empty(rejects, file)
        kept = stack.enter_context(rejects.open("ab")) if rejects else None
        deployment = stack.enter_context(local.deployed())
        lines = lines_of(source, file)
        from services.cli.publishing import Publisher

        publisher = Publisher(deployment.desk)
        outcomes = publisher.together(_few(lines)) if atomic else publisher.each(lines)
        counts: Counter[str] = Counter()
        with progress("Publishing", "events", shown=not (no_progress or is_terminal())) as tick:
            _answer(_counted(outcomes, counts, kept, tick), output)
        note(_summary(counts, rejects))
        local.catch_up(deployment, shown=not no_progress)
    return REFUSED if counts["refused"] else OK


def _few(lines: Iterable[Line | None]) -> list[Line]:
    """Read the lines of an atomic batch.

    Raises:
        Usage: If there are more than one commit takes.
    """
    from services.desk import BATCH

    found = list(islice((each for each in lines if each), BATCH + 1))
    if len(found) > BATCH:
        raise Usage(f"--atomic takes at most {BATCH:,} events; publish the rest by themselves")
    return found


def _counted(
    outcomes: "Iterable[Outcome]", counts: Counter[str], kept: IO[bytes] | None, tick: Tick
) -> "Iterator[Outcome]":
    """Pass the outcomes on, counted, those refused written down."""
    for outcome in outcomes:
        counts[outcome.receipt.status] += 1
        if kept and outcome.receipt.status == "refused":
            kept.write(orjson.dumps(_reject(outcome)) + b"\n")
        tick(counts.total(), None)
        yield outcome


def _answer(outcomes: "Iterable[Outcome]", output: Output) -> None:
    if output.form != "text":
        documents((_document(outcome) for outcome in outcomes), output)
        return
    for outcome in outcomes:
        receipt = outcome.receipt
        stream, position = receipt.stream_id, receipt.position
        if position is None:
            what = f"{f'{stream} ' if stream else ''}- {receipt.reason}"
        else:
            what = place_of(stream, position, receipt.company_id)
        line(f"line {outcome.line.number}: {receipt.status} {what}")


def _document(outcome: "Outcome") -> dict[str, Any]:
    told = {name: value for name, value in asdict(outcome.receipt).items() if value is not None}
    return {"line": outcome.line.number, **told}


def _reject(outcome: "Outcome") -> dict[str, Any]:
    body = outcome.line.body
    entry: dict[str, Any] = {
        "line": outcome.line.number,
        "code": outcome.receipt.code,
        "reason": outcome.receipt.reason,
    }
    try:
        return {**entry, "event": orjson.loads(body)}
    except orjson.JSONDecodeError:
        return {**entry, "raw": body[:RAW].decode("utf-8", "replace")}


def _summary(counts: Counter[str], rejects: Path | None) -> str:
    parts = [f"{counts[status]:,} {status}" for status in ("accepted", "duplicate", "refused")]
    total = counts.total()
    told = f"{total:,} {'event' if total == 1 else 'events'}: {', '.join(parts)}"
    if not counts["refused"]:
        return told
    return f"{told}; " + (
        f"refused ones are in {rejects}" if rejects else "--rejects FILE keeps what is refused"
    )
