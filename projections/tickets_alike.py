"""How tickets stand that may be duplicates: open or done, part of others, told apart already."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson

from projections import unions
from projections.chunks import in_chunks
from projections.projection import View
from projections.ticket_chain import whole
from projections.tickets import OPEN

READ: Final = "SELECT chain_id, last_event_at, doc FROM {states} WHERE chain_id IN (…)"
DONE: Final = ("resolved", "closed")


class Standing(NamedTuple):
    """How one ticket stands, all streams of its chain joined.

    Attributes:
        last_event_at: In microseconds.
        told: What was said of its being another one: ticket to *suspected* or *dismissed*.
        is_answered: Whether somebody of ours replied.
        linked: Tickets that somebody tied to it already: as its duplicate, or by a split.
    """

    status: str
    last_event_at: int
    is_answered: bool
    told: dict[str, str]
    linked: frozenset[str]

    @property
    def is_open(self) -> bool:
        """Whether somebody still works on it."""
        return self.status in OPEN

    def was_open(self, since: int) -> bool:
        """Say whether it was, at *since* or later."""
        return self.is_open or (self.status in DONE and self.last_event_at >= since)


def standings(view: View, tickets: Iterable[str]) -> dict[str, Standing]:
    """Say how tickets stand, by their chains."""
    links: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for chain, last, doc in in_chunks(view, READ, tickets):
        links.setdefault(chain, []).append((last, orjson.loads(doc)))
    return {
        chain: _standing(max(last for last, _ in found), whole(state for _, state in found))
        for chain, found in links.items()
    }


def kept(view: View, tickets: Iterable[str]) -> dict[str, str]:
    """Say in which ticket each goes on in the end: itself, if it stands alone."""
    return unions.root_of(view, "ticket", tickets)


def _standing(last: int, state: dict[str, Any]) -> Standing:
    told = {entry["id"]: entry["state"] for entry in state["suspected"]}
    linked = (
        link["id"]
        for link in state["links"]
        if link["relation"] == "duplicate" and link["system"] is None
    )
    is_answered = state["first_reply_at"] is not None
    parts = (part["id"] for part in state["split_into"])
    return Standing(state["status"], last, is_answered, told, frozenset((*linked, *parts)))
