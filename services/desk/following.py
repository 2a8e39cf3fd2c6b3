"""What follows from an event in other streams than its own, in the same commit."""

from collections.abc import Iterator
from typing import Any

from domain.aggregate import Aggregate
from domain.events import Recorded
from domain.events.company import CompanyRegistered, ContactAffiliated
from domain.events.ticket import (
    CustomerMessageReceived,
    TicketMovedAway,
    TicketOpened,
    TicketReopened,
)
from domain.events.ties import TicketSplit
from domain.ticket import Ticket
from domain.values import Visibility
from services.control import Keyring
from services.desk.belonging import Belonging, person_of
from services.desk.documents import Draft, Drafting
from services.desk.elsewhere import Elsewhere, Find, parted
from services.sealing import ERASED, unseal


class Following:
    """Writes, for one commit in the making, what its events lead to elsewhere."""

    def __init__(  # noqa: PLR0917  the parts of one commit, wired once
        self,
        find: Find,
        last_link: Find,
        elsewhere: Elsewhere,
        belonging: Belonging,
        drafting: Drafting,
        keyring: Keyring,
    ) -> None:
        self._aggregate = find
        self._last_link = last_link
        self._elsewhere = elsewhere
        self._belonging = belonging
        self._drafting = drafting
        self._keyring = keyring

    def beyond(self, aggregate: Aggregate[Any], draft: Draft) -> Iterator[Draft]:
        """Yield what follows in other streams."""
        for echo in self._elsewhere.echoes(aggregate, draft, self._belonging):
            seen_by = draft.happened.visibility
            follows = self._drafting.follow(
                draft.happened, echo.event, echo.stream_id, echo.company_id, seen_by
            )
            if echo.is_decided:
                list(self._aggregate(echo.stream_id).decide(follows.happened))
            yield follows
        match draft.opened, aggregate:
            case TicketMovedAway() as moved, Ticket() as ticket:
                yield self._continue(ticket, draft, moved)
            case TicketSplit() as split, Ticket() as ticket:
                yield from self._part(ticket, draft, split)
            case CustomerMessageReceived(), Ticket() as ticket:
                yield from self._reopen(ticket, draft)
            case _:
                pass

    def founding(self, cause: Recorded[Any]) -> Iterator[Draft]:
        """Make the company of a person who has none, before the first event that is theirs."""
        person = person_of(cause.company_id)
        stream_id = f"company/{cause.company_id}"
        if not person or self._aggregate(stream_id).version:
            return
        found = CompanyRegistered(kind="individual", contact_id=person)
        joined = ContactAffiliated(contact_id=person)
        for event in (found, joined):
            yield self._drafting.follow(cause, event, stream_id, cause.company_id)

    def _continue(self, ticket: Ticket, moved: Draft, event: TicketMovedAway) -> Draft:
        """Open a moved ticket again, in a new stream of the company it moved to."""
        target = self._belonging.existing(event.to_company)
        opening, seen_by = self._opening(ticket)
        reopening = ticket.continuation(opening)
        return self._drafting.follow(moved.happened, reopening, ticket.next_link, target, seen_by)

    def _part(self, ticket: Ticket, draft: Draft, split: TicketSplit) -> Iterator[Draft]:
        """Open the ticket that part of another one becomes, and say where it comes from."""
        opening, seen_by = self._opening(ticket)
        begins, link = parted(ticket, split, opening)
        stream_id = f"ticket/{split.new_ticket_id}"
        for event, visibility in ((begins, seen_by), (link, None)):
            yield self._drafting.follow(
                draft.happened, event, stream_id, ticket.company_id, visibility
            )

    def _reopen(self, ticket: Ticket, wrote: Draft) -> Iterator[Draft]:
        """Reopen a ticket that is done because of a message to one that goes on inside it."""
        if not ticket.merged_into:
            return
        kept = self._last_link(f"ticket/{self._elsewhere.kept(ticket)}")
        if isinstance(kept, Ticket) and kept.is_done and kept.is_news(wrote.happened):
            yield self._drafting.follow(
                wrote.happened, TicketReopened(), kept.stream_id, kept.company_id
            )

    def _opening(self, ticket: Ticket) -> tuple[TicketOpened, Visibility]:
        """Read how a ticket was opened, without what was erased of it, and who may see that."""
        assert ticket.opening, "only an opened ticket goes on elsewhere"  # noqa: S101
        opening = unseal(ticket.opening, self._keyring).data
        readable = {name: None for name, text in opening if text == ERASED}
        return opening.model_copy(update=readable), ticket.opening.visibility
