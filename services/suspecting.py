"""Suspecting duplicates: which tickets of a company may be about the trouble of another one.

The timeline says which tickets hold the same words, that of tickets which of them are open;
`projections.duplicates` says what speaks for it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

import orjson

from domain.events.ties import DuplicateDismissed, DuplicateSuspected
from domain.values import ticket_chain
from projections import unions
from projections.duplicates import ENOUGH, LATELY, WORTH_A_LOOK, Account, Likeness, judge
from projections.projection import View
from projections.tickets_alike import Standing, kept, standings
from projections.timeline_alike import account, alike_tickets, withheld_tickets
from services.catalogue import PROJECTIONS
from services.readmodel import ReadModels
from services.store import Row

READS: Final = (PROJECTIONS["timeline"], PROJECTIONS["tickets"])
"""What is read, and so must have folded what is asked about."""

COMPANIES: Final = 20
"""Companies of one union that are looked through."""


class Suspecting:
    """Finds likely duplicates in the read models of one deployment."""

    def __init__(self, models: ReadModels, may_read: Callable[[str], bool] = bool) -> None:
        """Say where to look.

        Args:
            may_read: Says which companies of a union are looked through.
        """
        self._models = models
        self._may_read = may_read

    def of(
        self, company_id: str, ticket_id: str, upto: int, *, new: bool = False,
        in_full: bool = False,
    ) -> list[Likeness]:  # fmt: skip
        """List the tickets that one may be a duplicate of, the likeliest first.

        Those that were told apart from it, or said to be the same, are left out.

        Args:
            upto: The last position of an entry that counts.
            new: As for a new ticket: only those that were opened before it and are like enough
                to be recorded, and none once somebody of ours replied.
            in_full: By what is restricted as well, for those alone who may read it.
        """
        chain, companies = ticket_chain(ticket_id), self._united(company_id)
        if new and self._is_answered(chain):
            return []
        timeline = self._view("timeline")
        one = account(timeline, companies, chain, upto, in_full=in_full)
        if one is None or one.is_restricted:
            return []
        found = alike_tickets(timeline, companies, one, upto, in_full=in_full)
        if not in_full:
            found += [t for t in withheld_tickets(timeline, companies, one, upto) if t not in found]
        others = (account(timeline, companies, t, upto, in_full=in_full) for t in found)
        began = [x for x in others if x and (not new or x.began < one.began)]
        return self._judged(one, began, ENOUGH if new else WORTH_A_LOOK)

    def is_restricted(self, company_id: str, ticket_id: str, upto: int) -> bool:
        """Say whether the opening of a ticket is restricted."""
        chain, timeline = ticket_chain(ticket_id), self._view("timeline")
        one = account(timeline, self._united(company_id), chain, upto)
        return one is not None and one.is_restricted

    def _is_answered(self, chain: str) -> bool:
        stands = standings(self._view("tickets"), [chain]).get(chain)
        return stands is None or stands.is_answered

    def _judged(self, one: Account, others: list[Account], enough: int) -> list[Likeness]:
        tickets = self._view("tickets")
        roots = kept(tickets, [one.ticket_id, *(other.ticket_id for other in others)])
        known = standings(tickets, {*roots, *roots.values()})
        best: dict[str, Likeness] = {}
        for other in others:
            root = roots[other.ticket_id]
            stands = known.get(root)
            if root == roots[one.ticket_id] or stands is None:
                continue
            if not stands.was_open(one.began[0] - LATELY):
                continue
            if _is_settled(one, {root, other.ticket_id}, known):
                continue
            found = judge(one, other, enough)
            if found and _sure(found) > _sure(best.get(root)):
                best[root] = replace(found, ticket_id=root)
        return sorted(best.values(), key=lambda found: (-_sure(found), found.ticket_id))

    def told(self, stream: Iterable[Row]) -> set[str]:
        """List the tickets that a ticket's own stream names as suspected or dismissed.

        And those in which these go on: a merge makes no new suspicion.
        """
        named = _told_of(stream)
        return named | set(kept(self._view("tickets"), named).values())

    def _united(self, company_id: str) -> list[str]:
        """List the records that are one company, so far as they are looked through."""
        view = self._view("tickets")
        root = unions.root_of(view, "company", [company_id])[company_id]
        united = (company_id, *unions.companies_in(view, root))
        return [one for one in dict.fromkeys(united) if self._may_read(one)][:COMPANIES]

    def _view(self, name: str) -> View:
        return self._models.view(PROJECTIONS[name])


def _is_settled(one: Account, others: set[str], known: dict[str, Standing]) -> bool:
    """Say whether somebody dismissed a pair or linked it, on either of the two tickets."""
    sides = [(known.get(one.ticket_id), others)]
    sides += [(known.get(other), {one.ticket_id}) for other in others]
    return any(
        stands.told.get(candidate) == "dismissed" or candidate in stands.linked
        for stands, candidates in sides
        if stands
        for candidate in candidates
    )


def _sure(found: Likeness | None) -> int:
    """Order by the score; one without comes last, after it nothing."""
    return -1 if found is None else found.score or 0


def _told_of(stream: Iterable[Row]) -> set[str]:
    types = (DuplicateSuspected.TYPE, DuplicateDismissed.TYPE)
    states = (orjson.loads(row.state) for row in stream if row.type in types)
    return {ticket_chain(state["data"]["candidate_ticket_id"]) for state in states}
