"""Duplicates, as they are asked for: what was suspected and not answered, and what is found now."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from domain.values import ticket_chain
from projections import tickets, unions
from projections.duplicates import Likeness
from projections.ticket_chain import whole
from projections.tickets import OPEN
from projections.tickets_alike import kept
from services.history import TICKET
from services.naming import cleaned
from services.reading import NotFound, Reading
from services.security import Denied
from services.suspecting import Suspecting

State = dict[str, Any]

ABOUT: Final = ("ticket_id", "subject", "status", "opened_at", "requester_id", "assignee")
"""What is told of either ticket to those who may read it."""

FARTHEST: Final = 2**63 - 1


class Duplicates(Reading):
    """What one identity can learn of tickets that may be about one trouble."""

    def duplicates(self, company_id: str, *, dismissed: bool = False) -> dict[str, Any]:
        """List the suspicions of a company that nobody answered, the surest first.

        A pair is answered when it is merged, linked as a duplicate or dismissed, and when the
        ticket that was suspected is done.

        Args:
            dismissed: With those that were dismissed.

        Raises:
            NotFound: If there is no such company.
            Denied: If a customer asks.
        """
        self._ours(company_id)
        self.company(company_id)
        self._note(company_id, purpose="duplicates")
        states = self._states(company_id)
        found = self._standing(states, dismissed=dismissed)
        return self._told(states, [one for one in found if self._is_open(states, one)])

    def duplicates_of(self, ticket_id: str, *, dismissed: bool = False) -> dict[str, Any]:
        """List what a ticket may be a duplicate of, or may have for one; looked for anew as well.

        What is found now and was never suspected, as of imported tickets, says *found*, and
        which words and codes both have.

        Raises:
            NotFound: If there is no such ticket.
            Denied: If a customer asks.
        """
        self._ours()
        streams = self._streams(f"{TICKET}{ticket_id.removeprefix(TICKET)}")
        company_id = self._deployment.log.company_of(streams[0]) if streams else None
        if company_id is None or not self.reader().may_read(company_id):
            raise NotFound(f"no ticket {ticket_id} is known")
        chain = ticket_chain(streams[0].removeprefix(TICKET))
        self._note(company_id, chain, purpose="duplicates")
        states = self._states(company_id)
        every = self._standing(states, dismissed=True)
        of = [one for one in every if chain in (one["ticket_id"], one["candidate_ticket_id"])]
        known = {one[side] for one in of for side in ("ticket_id", "candidate_ticket_id")}
        wanted = [one for one in of if dismissed or one["state"] != "dismissed"]
        return self._told(states, [*wanted, *self._found(company_id, chain, known)])

    def _found(self, company_id: str, chain: str, known: set[str]) -> Iterator[State]:
        """Yield what is found now and was not told before."""
        reader = self.reader()
        suspecting = Suspecting(self._deployment.models, reader.may_read)
        in_full = "restricted" in reader.visibilities
        for likeness in suspecting.of(company_id, chain, FARTHEST, in_full=in_full):
            if likeness.ticket_id not in known:
                yield _fresh(chain, likeness)

    def _standing(self, states: Mapping[str, State], *, dismissed: bool) -> list[State]:
        """List what was suspected of tickets that are still two, merged ones taken for one."""
        every = [_said(chain, entry) for chain, state in states.items()
                 for entry in state["suspected"]]  # fmt: skip
        roots = kept(self._view("tickets"), {ticket for one in every for ticket in _pair(one)})
        pairs = [frozenset(roots[ticket] for ticket in _pair(one)) for one in every]
        no = {pair for one, pair in zip(every, pairs, strict=True) if one["state"] == "dismissed"}
        found: dict[frozenset[str], State] = {}
        for one, pair in zip(every, pairs, strict=True):
            if one["at"] is None or len(pair) == 1 or _are_linked(states, *_pair(one)):
                continue
            one["state"] = "dismissed" if pair in no else one["state"]
            if dismissed or pair not in no:
                found.setdefault(pair, one)
        return list(found.values())

    def _told(self, states: Mapping[str, State], found: list[State]) -> dict[str, Any]:
        """Order what was found, and say of both tickets what may be told of them."""
        found.sort(key=lambda one: (-(one["score"] or 0), *_pair(one)))
        told = [
            {
                **one,
                "ticket": _about(one["ticket_id"], states),
                "candidate": _about(one["candidate_ticket_id"], states),
            }
            for one in found
        ]
        return {"duplicates": cleaned(told), "position": self.position("tickets")}

    def _states(self, company_id: str) -> dict[str, State]:
        """Read the tickets of a company, and of those it is one with, by their chains."""
        reader, view = self.reader(), self._view("tickets")
        root = unions.root_of(view, "company", [company_id])[company_id]
        links: dict[str, list[State]] = {}
        for company in dict.fromkeys((company_id, *unions.companies_in(view, root))):
            for state in tickets.states_of(view, reader, company):
                links.setdefault(state["chain_id"], []).append(state)
        return {chain: whole(found) for chain, found in links.items()}

    def _ours(self, company_id: str | None = None) -> None:
        if self._may("read", company_id).public_only:
            raise Denied("this is for those who work on tickets; a customer's key is not told it")

    @staticmethod
    def _is_open(states: Mapping[str, State], one: State) -> bool:
        state = states.get(one["ticket_id"])
        return state is not None and state["status"] in OPEN


def _said(chain: str, entry: State) -> State:
    """Tell of a suspicion that was recorded."""
    signals, weights = entry["signals"] or [], entry["weights"] or []
    weighed = dict(zip(signals, weights, strict=False))
    return {
        "ticket_id": chain, "candidate_ticket_id": ticket_chain(entry["id"]),
        "state": entry["state"], "score": entry["score"],
        "signals": [{"name": name, "weight": weighed.get(name)} for name in signals],
        "shared": [], "at": entry["at"], "by": entry["by"], "reason": entry["reason"],
        "event_ids": entry["event_ids"],
    }  # fmt: skip


def _fresh(chain: str, likeness: Likeness) -> State:
    """Tell of what is found now."""
    return {
        "ticket_id": chain, "candidate_ticket_id": likeness.ticket_id,
        "state": "found", "score": likeness.score,
        "signals": [{"name": s.name, "weight": s.weight or None} for s in likeness.signals],
        "shared": list(likeness.shared), "at": None, "by": None, "reason": None, "event_ids": [],
    }  # fmt: skip


def _pair(one: State) -> tuple[str, str]:
    return one["ticket_id"], one["candidate_ticket_id"]


def _are_linked(states: Mapping[str, State], one: str, other: str) -> bool:
    """Say whether either of two tickets was linked with the other as a duplicate."""
    sides = ((states.get(one), other), (states.get(other), one))
    return any(
        (link["id"], link["relation"], link["system"]) == (candidate, "duplicate", None)
        for state, candidate in sides
        for link in (state["links"] if state else ())
    )


def _about(ticket_id: str, states: Mapping[str, State]) -> State:
    """Say what a ticket is about; of one out of reach only which it is."""
    state = states.get(ticket_id)
    return {name: state[name] for name in ABOUT} if state else {"ticket_id": ticket_id}
