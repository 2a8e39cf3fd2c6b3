"""`longcase duplicates`: what a ticket may be a duplicate of, and why."""

from typing import Any, Final

from services.cli import local
from services.cli.kinds import bare
from services.cli.show import TEXT, Columns, Output, document, documents, table, when


def _why(found: dict[str, Any]) -> str:
    told = []
    for signal in found["signals"]:
        weight = "" if signal["weight"] is None else f" {signal['weight']}"
        told.append(f"{signal['name'].replace('_', ' ')}{weight}")
    shared = f"; both say {', '.join(found['shared'])}" if found["shared"] else ""
    return f"{', '.join(told)}{shared}"


COLUMNS: Final[Columns] = {
    "Ticket": lambda d: d["ticket_id"],
    "May be": lambda d: d["candidate_ticket_id"],
    "Score": lambda d: d["score"],
    "Stands": lambda d: d["state"],
    "Since (UTC)": lambda d: when(d["at"]) if d["at"] else "",
    "Why": _why,
    "Its subject": lambda d: d["candidate"].get("subject"),
}


def duplicates(ticket: str, /, *, dismissed: bool = False, output: Output = TEXT) -> None:
    """List what a ticket may be a duplicate of, or may have for one, the surest first.

    Suspicions that stand are told with their events, and it is looked for anew: what was never
    suspected, as of imported tickets, says found.

    Args:
        ticket: The ticket's id.
        dismissed: With the pairs that somebody dismissed.
    """
    ticket = bare("ticket", ticket)
    with local.reading() as (reading, _):
        found = reading.duplicates_of(ticket, dismissed=dismissed)
    if output.form == "json":
        document(found)
    elif output.form == "jsonl":
        documents(found["duplicates"], output)
    else:
        table(found["duplicates"], COLUMNS, output, f"{ticket} looks like no other ticket")
