"""`longcase who-knew`: what an agent could see, had opened and was shown before an event."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from services.cli import local
from services.cli.asked import known
from services.cli.errors import Usage
from services.cli.kinds import Id, TimeOrPosition, limit
from services.cli.show import TEXT, Columns, Output, document, documents, note, table, when


def _marks(entry: dict[str, Any]) -> str:
    marks = [
        ("learned later", entry["learned_later"]),
        ("not yet happened", not entry["had_occurred"]),
        ("own", entry["own"]),
        ("shown", entry["shown"]),
        ("opened", entry["opened"]),
        ("redacted", entry["could_see"] == "redacted"),
    ]
    return ", ".join(word for word, holds in marks if holds)


COLUMNS: Final[Columns] = {
    "Position": lambda e: str(e["position"]),
    "Happened (UTC)": lambda e: when(e["occurred_at"]),
    "Recorded (UTC)": lambda e: when(e["recorded_at"]),
    "To the agent": _marks,
    "What": lambda e: e["text"],
}


def who_knew(
    event: str,
    /,
    *,
    agent: Id = None,
    ticket: Id = None,
    clock: Literal["happened", "recorded"] = "happened",
    limit: Annotated[int, limit(200)] = 50,
    known_at: TimeOrPosition = None,
    output: Output = TEXT,
) -> None:
    """Say what an agent could see, had opened and was shown before an event; newest first.

    Opened means that the agent looked at the ticket or its company after it was recorded;
    shown, that a reply says so itself.  Nobody knows what somebody read with their eyes.

    Args:
        event: The id of an event of a ticket, such as a reply.
        agent: Whose knowledge, by the agent's id; who did it, if not given.
        ticket: The ticket, for an event that does not stand on one itself.
        clock: List what had happened by then, or what was recorded by then.
        limit: How many entries to show, at most.
        known_at: As it is recorded by this time, or up to this position.
    """
    event_id = _id(event)
    with local.reading() as (reading, _):
        from services.witness import Asked

        asked = Asked(event_id, agent, clock, limit, known_at=known(reading, known_at))
        found = reading.who_knew(ticket or reading.ticket_of(event_id), asked)
    if output.form == "json":
        document(found)
        return
    if output.form == "jsonl":
        documents(found["entries"], output)
        return
    rights = "as an agent may" if found["rights"]["assumed"] else "as the key may today"
    counts = found["counts"]
    note(f"{found['event']['text']}")
    note(
        f"{found['agent']}, reading {rights}: {counts['had_occurred']:,} had happened, "
        f"{counts['was_known']:,} were recorded, {counts['learned_later']:,} learned later"
    )
    table(found["entries"], COLUMNS, output, "nothing had happened before it")
    if found["after"] is not None:
        note(f"{found['total'] - found['after']:,} before these; --limit shows up to 200")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Usage(f"{text!r} is no event's id; longcase replay --jsonl says them") from None
