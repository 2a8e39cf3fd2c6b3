"""`longcase replay` and `longcase diff`: what was so at every step, and what changed between."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import orjson
from cyclopts import Parameter

from services.cli import local, states, times
from services.cli.asked import known
from services.cli.errors import NotThere, Usage
from services.cli.kinds import Step, TimeOrPosition, bare
from services.cli.show import TEXT, Output, document, documents, line, note, tree, when

if TYPE_CHECKING:
    from projections.replay import Step as Taken
    from projections.replay_difference import Difference
    from services.dossiers import Difference as Changed
    from services.dossiers import Dossiers
    from services.history import History
    from services.reading import Reading

INDENT: Final = " " * 26


def replay(
    target: str,
    /,
    *,
    step: Step = None,
    known_at: TimeOrPosition = None,
    output: Output = TEXT,
) -> None:
    """Replay a ticket or a company, with the state after each step.

    Steps come in the order they happened.  In text, the state stands below a step that changed
    it; as JSON it is there in full.

    Args:
        target: A ticket's or a company's id; write ticket/ID or company/ID if both exist.
        step: Show this step only, with the whole state as it was after it.
        known_at: As it was recorded by this time, or up to this position.
    """
    with local.reading() as (reading, _):
        history = _history(reading, target, known(reading, known_at))
        steps = reading.steps(history, step or 1, len(history.events) if step is None else 1)
        if output.form != "text":
            documents(map(_document, steps), output)
        elif step is not None:
            _print_whole(reading, next(steps))
        else:
            _print_each(steps)


def diff(
    target: Annotated[str, Parameter(name="TICKET|COMPANY")],
    start: Annotated[str, Parameter(name="FROM")],
    end: Annotated[str, Parameter(name="TO")],
    /,
    *,
    clock: Literal["happened", "recorded"] = "happened",
    output: Output = TEXT,
) -> None:
    """Say what changed in a ticket or a company between two instants.

    Args:
        target: A ticket's or a company's id; write ticket/ID or company/ID if both exist.
        start: The earlier one: a time, a date (its midnight UTC), or a position.
        end: The later one.
        clock: Whether a time means when it happened, or when it was recorded; a position
            always means what was recorded up to it.
    """
    first, last = times.instant(start, "FROM"), times.instant(end, "TO")
    from projections.replay_difference import not_in_order

    if wrong := not_in_order(first, last, ("FROM", "TO")):
        raise Usage(wrong)
    with local.reading() as (reading, _):
        if company := _company(reading, target):
            _print_changes(company, reading.company_diff(company, first, last, clock), output)
            return
        ticket = bare("ticket", target)
        found = reading.diff(ticket, first, last, clock)
    steps, positions = found.steps, found.positions
    _print_changes(ticket, found, output, (
        f"{ticket}: from step {steps[0]} (position {positions[0]}) "
        f"to step {steps[1]} (position {positions[1]})"
    ))  # fmt: skip


def _history(reading: "Reading", target: str, known_at: int | None) -> "History":
    from services.reading import NotFound

    try:
        return reading.history(target, known_at)
    except NotFound:
        if "/" in target or known_at is not None:
            raise
        raise NotThere(f"no ticket and no company has the id {target}") from None


def _company(reading: "Dossiers", target: str) -> str | None:
    """Say which company is meant, if it is no ticket."""
    from services.reading import NotFound

    if target.startswith("company/"):
        return bare("company", target)
    try:
        reading.ticket(bare("ticket", target))
    except NotFound:
        if target.startswith("ticket/"):
            raise
    else:
        return None
    try:
        reading.company(target)
    except NotFound:
        raise NotThere(f"no ticket and no company has the id {target}") from None
    return target


def _print_changes(
    target: str, found: "Difference | Changed", output: Output, between: str | None = None
) -> None:
    if output.form != "text":
        document(_difference(found))
        return
    first, last = found.positions
    note(between or f"{target}: from position {first} to position {last}")
    for sentence in found.words or ["Nothing changed."]:
        line(sentence)


def _print_each(steps: "Iterable[Taken]") -> None:
    before = ""
    for step in steps:
        late = " (late)" if step.event["late"] else ""
        line(f"{step.ordinal:>6}  {when(step.event['occurred_at'])}  {step.event['text']}{late}")
        after = states.in_short(step.whole)
        if after != before:
            line(f"{INDENT}{after}", faint=True)
        before = after


def _print_whole(reading: "Reading", step: "Taken") -> None:
    event, state = step.event, step.whole
    line(f"step {step.ordinal}, position {step.position}, {when(event['occurred_at'])} UTC")
    line(event["text"])
    line("")
    for text in tree(reading.named(state) if "assignee" in state else state):
        line(text)


def _document(step: "Taken") -> dict[str, Any]:
    return {
        "step": step.ordinal,
        "position": step.position,
        "event": step.event,
        "state": orjson.Fragment(step.document),
        **(
            {"others": [*map(orjson.Fragment, step.others)], "whole": step.whole}
            if step.others
            else {}
        ),
    }


def _difference(found: "Difference | Changed") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)
