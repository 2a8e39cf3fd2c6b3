"""Tickets that go on inside others: the states of several, joined to that of the one they are."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.values import ticket_chain
from projections.ticket_chain import whole
from projections.ticket_record import BLANKS

State = dict[str, Any]

LATEST: Final = ("last_event_at", "last_reply_at", "last_customer_message_at")


def joined(ticket_id: str, states: Iterable[State]) -> State:
    """Join the states of streams to that of one ticket, with all that goes on inside it.

    A stream counts if it is of the ticket's chain, or of one that, as its own state says, goes
    on inside it: so a replay joins from the merge on, and only until that is reverted.

    Args:
        ticket_id: The first stream of the chain of the ticket that is asked.
    """
    chains: dict[str, list[State]] = {}
    for state in states:
        chains.setdefault(state["chain_id"], []).append(state)
    tickets = {chain: whole(links) for chain, links in chains.items()}
    if ticket_id not in tickets:  # its own first event is still to come
        return whole(next(reversed(chains.values())))
    return together(tickets[ticket_id], _inside(ticket_id, _index(tickets.values())))


def listed(states: Iterable[State], status: str | None) -> list[State]:
    """Join what goes on inside others in a list of tickets, so that each is there once.

    Args:
        status: Only tickets that stand so; those that were merged are listed if asked for.
    """
    every = list(states)
    index, known = _index(every), {state["chain_id"] for state in every}
    inside = {s["ticket_id"] for s in every if _into(s) in known and not _goes_round(s, index)}
    return [
        together(state, _inside(state["chain_id"], index))
        for state in every
        if (status == "merged" or state["ticket_id"] not in inside)
        and status in (None, state["status"])
    ]


def together(kept: State, absorbed: list[State]) -> State:
    """Join tickets into the one that was kept: it says how it stands, they add what they hold."""
    if not absorbed:
        return kept
    result = {**kept, "absorbed": [state["ticket_id"] for state in absorbed]}
    for entries in BLANKS:
        more = ({**e, "ticket_id": s["ticket_id"]} for s in absorbed for e in s[entries])
        result[entries] = [*kept[entries], *more]
    every = [kept, *absorbed]
    result["counts"] = {
        name: sum(state["counts"][name] for state in every) for name in kept["counts"]
    }
    for name in LATEST:
        result[name] = max((at for state in every if (at := state[name])), default=None)
    result["first_reply_at"] = min((s["first_reply_at"] for s in every if s["first_reply_at"]),
                                   default=None)  # fmt: skip
    people = (who for s in absorbed for who in (s["requester_id"], *s["reporters"]))
    reporters = dict.fromkeys((*kept["reporters"], *people))
    result["reporters"] = [who for who in reporters if who and who != kept["requester_id"]]
    links = (link for state in absorbed for link in state["links"])
    result["links"] = [*kept["links"], *(link for link in links if link not in kept["links"])]
    return result


def _into(state: State) -> str | None:
    into = state["merged_into"]
    return ticket_chain(into) if into and state["status"] == "merged" else None


def _index(states: Iterable[State]) -> dict[str, list[State]]:
    """List, for each ticket, those that went into it directly."""
    index: dict[str, list[State]] = {}
    for state in states:
        if into := _into(state):
            index.setdefault(into, []).append(state)
    return index


def _inside(chain: str, index: Mapping[str, list[State]]) -> list[State]:
    """List the tickets that go on inside one, directly or not."""
    found: dict[str, State] = {}
    fresh = [chain]
    while fresh:
        into = [state for one in fresh for state in index.get(one, ())]
        fresh = [s["chain_id"] for s in into if s["chain_id"] not in (chain, *found)]
        found |= {state["chain_id"]: state for state in into if state["chain_id"] != chain}
    return list(found.values())


def _goes_round(state: State, index: Mapping[str, list[State]]) -> bool:
    """Say whether a ticket, by merges that crossed, goes on inside one that goes on inside it."""
    into = _into(state)
    return any(one["chain_id"] == into for one in _inside(state["chain_id"], index))
