"""What a ticket's events tell of its company: how it stands, what is owed, who touched whom."""

from functools import cache
from typing import Any, Final, NamedTuple, cast

from domain.events import AnyTicketEvent, Event, Recorded
from domain.events.duties import FactRequested
from domain.events.ticket import (
    AgentReplySent,
    CustomerMessageReceived,
    ReporterJoined,
    TicketAssigned,
    TicketClassified,
    TicketClosed,
    TicketMergeReverted,
    TicketMovedAway,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketsMerged,
)
from domain.values import rfc3339
from projections.dossier.ledgers import drop, enter
from projections.dossier.record import RECENT, Dossier, Entry, Held
from projections.dossier.touches import replied, wrote
from projections.ticket_record import BLANKS, TicketState
from projections.ticket_state import DONE, evolve

LEDGERS: Final = {
    "commitment_id": "promises", "consultation_id": "consultations", "escalation_id": "escalations",
}  # fmt: skip
"""By the field that names an entry of a ledger: the ledger, called alike in a ticket's state."""

CONTINUED: Final = {
    "promises": "commitment_ids", "consultations": "consultation_ids",
    "escalations": "escalation_ids",
}  # fmt: skip
"""What a ticket that moved here says it brings along."""

TURNS: Final = (
    TicketPutOnHold, TicketResumed, TicketResolved, TicketReopened, TicketClosed, TicketsMerged,
    TicketMergeReverted, TicketMovedAway,
)  # fmt: skip

TOLD_BY: Final[dict[type[Event], str]] = {
    TicketOpened: "opened",
    TicketClassified: "classified",
    TicketAssigned: "assigned",
    CustomerMessageReceived: "customer_wrote",
    AgentReplySent: "replied",
    **dict.fromkeys(TURNS, "turned"),
}
"""What an event is the last evidence of."""

SUMMARY: Final = (
    "ticket_id", "number", "subject", "severity", "status", "opened_at", "resolved_at",
    "closed_at", "resolution_code", "root_cause",
)  # fmt: skip
"""What is kept of a ticket that ended."""

SEVERE: Final = 2
"""The least severity at which an open ticket is known to its company as a severe one."""

ASKED: Final = 20
"""Questions that were asked again, and are kept."""

WAITS: Final = {"customer": "customer", "vendor": "vendor", "internal": "us", "unknown": "unknown"}
"""Whose turn it is while a ticket waits."""


def held_on(held: Held, recorded: Recorded[Event]) -> None:
    """Take an event over into its ticket alone."""
    evolve(held.state, cast("Recorded[AnyTicketEvent]", recorded))
    event_id = str(recorded.event_id)
    held.evidence["last"] = event_id
    if isinstance(recorded.data, ReporterJoined):
        held.evidence[f"joined/{recorded.data.contact_id}"] = event_id
    if told := TOLD_BY.get(type(recorded.data)):
        held.evidence[told] = event_id
        if (of := _turn(held, recorded.data)) != held.turn["of"]:
            at = rfc3339(recorded.occurred_at)
            held.turn = {"of": of, "since": at, "event_id": event_id}


def told(
    company: Dossier, held: Held, recorded: Recorded[Event], position: int, *, closed: bool
) -> None:
    """Take an event over into its ticket and its company.

    Args:
        closed: Whether it is withheld: then nobody is known to have been in touch by it.
    """
    state, event = held.state, recorded.data
    before = state.status if state.ticket_id else None
    entered = _entry_of(state, event)
    was_open = is_opened(held)
    held_on(held, recorded)
    company.open_now += is_opened(held) - was_open
    counted(company.tickets, before, state.status)
    if before in DONE or state.status in DONE:
        ended(company, held)
    weighed(company, held, recorded)
    if entered:
        _entered(company, state, entered, str(recorded.event_id))
    match event:
        case CustomerMessageReceived() if not closed:
            wrote(company, event, recorded, state)
        case AgentReplySent() if not closed:
            replied(company, event, recorded, state)
        case FactRequested():
            _asked(company, event, recorded, state, position)
        case TicketOpened() if event.continues:
            _continued(company, state, event, str(recorded.event_id))
        case TicketMovedAway():
            for ledger in LEDGERS.values():
                drop(getattr(company, ledger), f"{state.ticket_id}/")
        case _:
            pass


class Entered(NamedTuple):
    """What an event enters in a ledger.

    Attributes:
        was: How it stood before; ``None`` if it is new.
    """

    ledger: str
    id: str
    was: str | None


@cache
def _ledger_of(event: type[Event]) -> tuple[str, str] | None:
    """Say which ledger an event is entered in, and which of its fields names the entry."""
    fields = (name for name in LEDGERS if name in event.model_fields)
    return next(((LEDGERS[name], name) for name in fields), None)


def _entry_of(state: TicketState, event: Event) -> Entered | None:
    found = _ledger_of(type(event))
    if found is None:
        return None
    ledger, named = found[0], getattr(event, found[1])
    standing = (known["state"] for known in getattr(state, ledger) if known["id"] == named)
    return Entered(ledger, named, next(standing, None))


def _entered(company: Dossier, state: TicketState, entered: Entered, event_id: str) -> None:
    if state.moved_to is None:
        entry = {**state.told_of(entered.ledger, entered.id), "ticket_id": state.ticket_id}
        if entered.ledger == "escalations":
            entry["scope"] = "ticket"
        ledger, key = getattr(company, entered.ledger), f"{state.ticket_id}/{entered.id}"
        enter(ledger, key, entry, event_id, entered.was)


def _continued(company: Dossier, state: TicketState, opened: TicketOpened, event_id: str) -> None:
    """Enter what a ticket that moved here had open: that it is, not what it is."""
    for ledger, field in CONTINUED.items():
        known = {entry["id"] for entry in getattr(state, ledger)}
        for named in getattr(opened.continues, field):
            if named not in known:
                entry = {**BLANKS[ledger], "id": named, "ticket_id": state.ticket_id}
                key = f"{state.ticket_id}/{named}"
                enter(getattr(company, ledger), key, entry, event_id, None)


def _turn(held: Held, event: Any) -> str | None:
    """Say whom the ticket waits for, as far as it was said."""
    state = held.state
    if state.status not in ("new", "open", "on_hold"):
        return None
    if state.stage == "on_hold":
        return WAITS[state.waiting_for or "unknown"]
    return "us"


def counted(counts: dict[str, int], before: str | None, after: str) -> None:
    """Count a ticket at the status it has now, and no more at the one it had."""
    if before == after:
        return
    if before:
        counts[before] -= 1
    counts[after] = counts.get(after, 0) + 1


def is_opened(held: Held) -> bool:
    """Say whether it is open, and that is more than the word of somebody who wrote on it."""
    return held.is_open and "opened" in held.evidence


def weighed(company: Dossier, held: Held, recorded: Recorded[Event]) -> None:
    """Keep the ticket among the severe ones, with the events that made it one, while it is."""
    state, known = held.state, company.severe.get(held.state.ticket_id)
    if not held.is_open or state.severity is None or state.severity > SEVERE:
        company.severe.pop(state.ticket_id, None)
    elif known is None or known["severity"] != state.severity:
        told_by = (held.evidence.get("opened"), str(recorded.event_id))
        company.severe[state.ticket_id] = {
            "ticket_id": state.ticket_id, "severity": state.severity,
            "since": rfc3339(recorded.occurred_at),
            "event_ids": list(dict.fromkeys(filter(None, told_by))),
        }  # fmt: skip


def ended(company: Dossier, held: Held) -> None:
    """Keep the ticket among the last that ended, or take it out if it did not stay so."""
    state = held.state
    company.resolved = [each for each in company.resolved if each["ticket_id"] != state.ticket_id]
    if state.status in DONE:
        entry = {name: getattr(state, name) for name in SUMMARY}
        entry["event_id"] = held.evidence.get("turned")
        company.resolved.append(entry)
        company.resolved.sort(key=_end_of, reverse=True)
        del company.resolved[RECENT:]


def _end_of(entry: Entry) -> tuple[str, str]:
    return entry["resolved_at"] or entry["closed_at"] or "", entry["ticket_id"]


def _asked(
    company: Dossier,
    asked: FactRequested,
    recorded: Recorded[Event],
    state: TicketState,
    position: int,
) -> None:
    """Count a question to the customer, and whether its answer was on file when it was asked."""
    company.asked["requests"] += 1
    contact = asked.from_contact_id or state.requester_id
    about = ("company/", f"contact/{contact or ''}", *(
        f"installation/{installation}" for installation in state.installation_ids
    ))  # fmt: skip
    for whom in about:
        fact = company.facts.get(f"{whom}/{asked.fact_key}")
        told = fact and next((t for t in (fact, fact["first"]) if t["position"] < position), None)
        if told:
            company.asked["again"] += 1
            company.asked["last"].insert(0, {
                "fact_key": asked.fact_key, "at": rfc3339(recorded.occurred_at),
                "by": recorded.actor, "ticket_id": state.ticket_id,
                "event_id": str(recorded.event_id), "known_by": told["event_id"],
                "known_at_position": told["position"],
            })  # fmt: skip
            del company.asked["last"][ASKED:]
            return
