"""`longcase handoff`: the brief for whoever takes a ticket over."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from services.cli import local
from services.cli.asked import known
from services.cli.kinds import Step, TimeOrPosition, bare
from services.cli.people import person
from services.cli.show import TEXT, Output, document, line, when

Line = dict[str, Any]
Names = Mapping[str, str]

GAP: Final = "  "


def handoff(
    ticket: str,
    /,
    *,
    step: Step = None,
    known_at: TimeOrPosition = None,
    output: Output = TEXT,
) -> None:
    """Print the brief for whoever takes a ticket over.

    What was tried and what came of it, open promises, unanswered questions, whose turn it is,
    who worked on it; each line names the events that it rests on.

    Args:
        ticket: The ticket's id.
        step: As it stood after this step; longcase replay shows them.
        known_at: As it was recorded by this time, or up to this position.
    """
    with local.reading() as (reading, _):
        brief = reading.handoff(bare("ticket", ticket), step, known(reading, known_at))
        names = reading.names_in({**brief, "by": [one["id"] for one in brief["worked"]]})
    if output.form != "text":
        document(brief)
        return
    line(f"{brief['number'] or brief['ticket_id']}: {brief['subject'] or 'no subject'}")
    line(f"step {brief['step']:,} of {brief['steps']:,}, as of {when(brief['at'])} UTC", faint=True)
    for heading, lines in _parts(brief, names):
        _print(heading, lines)


def _parts(brief: Line, names: Names) -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    """Yield the parts of the brief: a heading, and its lines with their events."""
    turn, has_it, asked = brief["turn"], brief["has_it"], brief["questions"]
    agent = person(names, f"agent/{has_it['agent']}") if has_it["agent"] else None
    who = " / ".join(name for name in (agent, has_it["team"]) if name) or "nobody"
    status = brief["status"].replace("_", " ")
    reporters = filter(None, (brief["requester_id"], *brief["reporters"]))
    people = ", ".join(person(names, f"contact/{who}") for who in reporters) or "nobody"
    yield (
        "How it stands",
        [
            (f"{status}, with {who}; reported by {people}", has_it["event_ids"]),
            (f"turn: {turn['who']}, for {turn['why']}", turn["event_ids"]),
        ],
    )
    yield "Tried", [(_tried(step, names), step["event_ids"]) for step in brief["tried"]]
    yield (
        "Promised, and not done",
        [(_promise(p, names), p["event_ids"]) for p in brief["promises"]],
    )
    yield "Asked of us", [(q["text"], q["event_ids"]) for q in asked["to_us"]]
    yield "Asked of the customer", [(q["id"], q["event_ids"]) for q in asked["to_customer"]]
    yield (
        "Asked of colleagues",
        [(f"{q['department']}: {q['question']}", q["event_ids"]) for q in asked["to_colleagues"]],
    )
    yield "Escalated", [(x["reason"] or x["id"], x["event_ids"]) for x in brief["escalations"]]
    yield "Clocks", [(_clock(m), m["event_ids"]) for m in brief["milestones"]]
    yield "Worked on it", [(_worked(w, names), w["event_ids"]) for w in brief["worked"]]


def _tried(step: Line, names: Names) -> str:
    by = f", by {person(names, step['by'])}" if step["by"] else ""
    set_as = step["configuration"]
    on = f" on {set_as['installation_id']} {set_as['version'] or ''}".rstrip() if set_as else ""
    return f"{step['outcome']}: {step['what']} ({step['kind']}{on}{by}, {when(step['at'])})"


def _promise(promise: Line, names: Names) -> str:
    due = f", due {when(promise['due_at'])}" if promise["due_at"] else ""
    by = person(names, promise["by"]) or "nobody known"
    return f"{promise['what']} ({promise['standing'].replace('_', ' ')}{due}, by {by})"


def _worked(worker: Line, names: Names) -> str:
    times = "once" if worker["events"] == 1 else f"{worker['events']:,} times"
    return f"{person(names, worker['id'])}: {times}, last {when(worker['until'])}"


def _clock(milestone: Line) -> str:
    due = f", due {when(milestone['due_at'])}" if milestone["due_at"] else ""
    return f"{milestone['id']}: {milestone['state']}{due}"


def _print(heading: str, lines: Iterable[tuple[str, list[str]]]) -> None:
    for number, (text, event_ids) in enumerate(lines):
        if number == 0:
            line("")
            line(heading)
        line(f"{GAP}{text}")
        line(f"{GAP * 2}{' '.join(event_ids)}", faint=True)
