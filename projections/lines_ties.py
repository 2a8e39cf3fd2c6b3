"""How a ticket stands to others, in words."""

from domain.events import Recorded
from domain.events.ties import (
    DuplicateDismissed,
    DuplicateSuspected,
    TicketSplit,
    TicketUnlinked,
)
from projections.lines_ticket import RELATIONS
from projections.phrases import line, listed, plain, staff, told, who, words


@line(DuplicateSuspected)
def suspected(recorded: Recorded[DuplicateSuspected]) -> str:
    """Say what it looks like, how sure that is, and why."""
    event = recorded.data
    sure = "" if event.score is None else f"{event.score} %"
    why = listed((sure, *map(words, event.signals)))
    return f"May be a duplicate of {event.candidate_ticket_id}{why and f' ({why})'}"


@line(DuplicateDismissed)
def dismissed(recorded: Recorded[DuplicateDismissed]) -> str:
    """Say who found that it is another matter."""
    event = recorded.data
    by = staff(event.by, otherwise=who(recorded))
    return f"No duplicate of {event.candidate_ticket_id}, says {by}{told(event.reason)}"


@line(TicketSplit)
def split(recorded: Recorded[TicketSplit]) -> str:
    """Say which part became a ticket of its own."""
    event = recorded.data
    count = len(event.moved_event_ids)
    part = "" if not count else " with 1 entry" if count == 1 else f" with {count:,} entries"
    return (
        f"{event.new_ticket_id} is a ticket of its own now{part}"
        f"{told(event.subject)}{told(event.reason, ', because ')}"
    )


@line(TicketUnlinked)
def unlinked(recorded: Recorded[TicketUnlinked]) -> str:
    """Say what it has nothing to do with after all."""
    event = recorded.data
    system = f" in {plain(event.system)}" if event.system else ""
    return (
        f"No longer linked as {RELATIONS[event.relation]} {event.other_ticket_id}{system}"
        f"{told(event.reason)}"
    )
