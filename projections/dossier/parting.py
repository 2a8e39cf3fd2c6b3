"""What a split of a ticket tells of its company: the two tickets, and what is owed on which."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.events import Event, Recorded
from domain.events.ties import TicketSplit
from projections.dossier.ledgers import EVIDENCE, STANDING
from projections.dossier.record import RECENT, Dossier, Entry, Held
from projections.dossier.ticket import LEDGERS, counted, ended, held_on, is_opened, weighed
from projections.ticket_record import TicketState

Lived = Iterable[Recorded[Event]]
"""What counts in the two tickets once they are split, in the order it happened."""


def parted(
    company: Dossier, tickets: dict[str, Held], split: Recorded[TicketSplit], lived: Lived
) -> None:
    """Take a split over into its company: both tickets become what counts in them from now on.

    Args:
        tickets: By stream, those at hand; the old one is, and the new one if there is one.
    """
    old, new = split.stream_id, f"ticket/{split.data.new_ticket_id}"
    now: dict[str, Held] = {}
    for recorded in lived:
        held_on(now.setdefault(recorded.stream_id, Held()), recorded)
    was = {stream: tickets[stream].state for stream in (old, new) if stream in tickets}
    if old not in was or was[old].moved_to is None:  # what was owed there went along already
        for name in LEDGERS.values():
            _restate(getattr(company, name), [*_owed(name, was)], [*_owed(name, now)])
    for stream in (old, new):
        if (held := now.get(stream)) is None:
            continue
        before = was[stream].status if stream in was and was[stream].ticket_id else None
        was_open = stream in tickets and is_opened(tickets[stream])
        company.open_now += is_opened(held) - was_open
        counted(company.tickets, before, held.state.status)
        ended(company, held)
        weighed(company, held, split)
        tickets[stream] = held
    _renamed(company, split, old.removeprefix("ticket/"))


def _owed(
    ledger: str, tickets: Mapping[str, TicketState | Held]
) -> Iterator[tuple[str, str, Entry]]:
    """Yield what a ledger holds of tickets: the ticket, the entry's id, the entry."""
    for ticket in tickets.values():
        state = ticket.state if isinstance(ticket, Held) else ticket
        for entry in getattr(state, ledger):
            yield state.ticket_id, entry["id"], entry


def _restate(
    ledger: Entry, was: list[tuple[str, str, Entry]], now: list[tuple[str, str, Entry]]
) -> None:
    """Enter anew what differs, each where it stood: an entry that moved keeps its place."""
    had = {(ticket, name): entry for ticket, name, entry in was}
    has = {(ticket, name): entry for ticket, name, entry in now}
    changed = [key for key in {**had, **has} if had.get(key) != has.get(key)]
    for name in dict.fromkeys(name for _, name in changed):
        keys = [key for key in changed if key[1] == name]
        stood = [_taken_out(ledger, "/".join(key), had[key]["state"]) for key in keys if key in had]
        for key in keys:
            if key in has:
                _enter(ledger, key[0], has[key], stood[0] if stood else 0)


def _taken_out(ledger: Entry, key: str, was: str) -> int | None:
    """Take an entry out; say where it stood among those that ended, ``None`` if far behind."""
    if ledger["open"].pop(key, None) is not None:
        return 0
    if was not in STANDING:
        ledger["counts"][was] -= 1
    place = next((n for n, e in enumerate(ledger["ended"]) if e["key"] == key), None)
    if place is not None:
        del ledger["ended"][place]
    return place


def _enter(ledger: Entry, ticket: str, entry: Entry, place: int | None) -> None:
    scope = {"scope": "ticket"} if "to_role" in entry else {}
    proofs = [*entry["event_ids"]]  # the ticket's own grows on
    if len(proofs) > EVIDENCE:
        proofs[1 : 1 - EVIDENCE] = []
    key = f"{ticket}/{entry['id']}"
    told = {**entry, **scope, "ticket_id": ticket, "key": key, "event_ids": proofs}
    if entry["state"] in STANDING:
        ledger["open"][key] = told
        return
    ledger["counts"][entry["state"]] = ledger["counts"].get(entry["state"], 0) + 1
    if place is not None:
        ledger["ended"].insert(place, told)
        del ledger["ended"][RECENT:]


def _renamed(company: Dossier, split: Recorded[TicketSplit], old: str) -> None:
    """Say of the last contact, and of what was asked again, in which ticket it now counts."""
    moved, new = set(map(str, split.data.moved_event_ids)), split.data.new_ticket_id
    told: list[dict[str, Any]] = [*company.asked["last"]]
    for question in told:
        if question["event_id"] in moved and question["ticket_id"] == old:
            question["ticket_id"] = new
    last = company.last_contact
    if last and last["event_id"] in moved:
        last["ticket_ids"] = [new if one == old else one for one in last["ticket_ids"]]
