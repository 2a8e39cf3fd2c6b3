"""What touches several streams: checked against all of them, and recorded once on each.

Merges are pointers: nothing is moved or rewritten, so that undoing one leaves what was there.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

from domain.aggregate import Aggregate
from domain.company import Company
from domain.contact import Contact
from domain.errors import (
    AlreadyOpened,
    InvalidReport,
    MergedIntoItself,
    OtherCompany,
    OwnParent,
    UnknownContact,
    UnknownEvent,
    UnknownTicket,
)
from domain.events import Event, Recorded
from domain.events.account import (
    CompaniesMerged,
    CompanyMergeReverted,
    CompanyParentSet,
    CompanySubsidiaryAdded,
    CompanySubsidiaryRemoved,
)
from domain.events.contact import ContactsMerged
from domain.events.ticket import TicketLinked, TicketOpened, TicketsMerged
from domain.events.ties import TicketSplit
from domain.ticket import Ticket
from domain.values import ticket_chain
from services.desk.belonging import Belonging
from services.desk.documents import Draft

Find = Callable[[str], Aggregate[Any]]
"""Finds the state of a stream, as the commit in the making leaves it."""


class Echo(NamedTuple):
    """An event that follows in another stream.

    Attributes:
        is_decided: Whether the other stream has rules of its own about it.
    """

    stream_id: str
    company_id: str | None
    event: Event
    is_decided: bool = False


class Elsewhere:
    """Answers for one commit in the making."""

    def __init__(
        self,
        find: Find,
        last_link: Find,
        stands_in: Callable[[str, str], bool],
    ) -> None:
        """Look at other streams.

        Args:
            last_link: Finds where a ticket that was moved is now.
            stands_in: Says whether an event, by its id, stands in a stream.
        """
        self._find = find
        self._last_link = last_link
        self._stands_in = stands_in

    def echoes(
        self, aggregate: Aggregate[Any], draft: Draft, belonging: Belonging
    ) -> Iterator[Echo]:
        """Check an event against the other streams it touches; yield what follows there.

        Raises:
            UnknownTicket, UnknownContact, UnknownCompany: If what it names does not exist.
            OtherCompany: If tickets of two companies are to be one.
            MergedIntoItself: If by the merge something would go on inside itself.
            OwnParent: If a company would belong to itself.
            AlreadyOpened, UnknownEvent, InvalidReport: If a ticket cannot be split so.
        """
        match draft.opened, aggregate:
            case TicketsMerged(kept_id=kept), Ticket() as ticket:
                self._check_tickets(ticket, kept)
            case TicketSplit() as split, Ticket() as ticket:
                self._check_split(ticket, split)
            case ContactsMerged(kept_id=kept), Contact() as contact:
                self._check_contacts(contact, kept)
            case CompaniesMerged() as merge, Company() as company:
                yield self._merged(company, merge, belonging)
            case CompanyMergeReverted() as reverted, Company() as company:
                yield from self._parted(company, reverted)
            case CompanyParentSet() as tie, Company() as company:
                yield from self._adopted(company, tie, draft.happened, belonging)
            case _:
                pass

    def kept(self, ticket: Ticket) -> str:
        """Name the ticket that a ticket goes on in, at the end of all merges."""
        return [ticket.local_id, *self._above(ticket.stream_id)][-1]

    def root(self, company_id: str | None) -> str | None:
        """Name the company that a company goes on as."""
        return [company_id, *self._above(f"company/{company_id}")][-1]

    def person(self, contact_id: str) -> str:
        """Name the contact that a contact turned out to be."""
        return [contact_id, *self._above(f"contact/{contact_id}")][-1]

    def _above(self, stream_id: str) -> Iterator[str]:
        """Yield what a stream's record goes on in, step by step."""
        seen, kind = {stream_id}, stream_id.split("/", 1)[0]
        while (into := self._into(stream_id)) and f"{kind}/{into}" not in seen:
            yield into
            stream_id = f"{kind}/{into}"
            seen.add(stream_id)

    def _into(self, stream_id: str) -> str | None:
        if stream_id.startswith("ticket/"):
            return cast("Ticket", self._last_link(stream_id)).merged_into
        return cast("Company | Contact", self._find(stream_id)).merged_into

    def _check_tickets(self, ticket: Ticket, kept_id: str) -> None:
        kept = self._last_link(f"ticket/{kept_id}")
        if not kept.version:
            raise UnknownTicket(f"nobody opened ticket/{kept_id}; report ticket.opened first")
        if self.root(kept.company_id) != self.root(ticket.company_id):
            raise OtherCompany(
                f"ticket/{kept_id} is of company {kept.company_id}, {ticket.stream_id} of "
                f"{ticket.company_id}: link them by ticket.linked, or move one first"
            )
        chains = {ticket_chain(one) for one in self._above(f"ticket/{kept_id}")}
        if ticket_chain(ticket.local_id) in chains:
            raise MergedIntoItself(f"ticket/{kept_id} goes on inside {ticket.stream_id} itself")

    def _check_split(self, ticket: Ticket, split: TicketSplit) -> None:
        new = split.new_ticket_id
        if new != ticket_chain(new):
            raise InvalidReport("data.new_ticket_id: a new ticket has an id without ~")
        if self._find(f"ticket/{new}").version:
            raise AlreadyOpened(f"ticket/{new} was opened before; split into a new one")
        opening = ticket.opening and ticket.opening.event_id
        for moved in split.moved_event_ids:
            if moved == opening or not self._stands_in(str(moved), ticket.stream_id):
                raise UnknownEvent(
                    f"{moved} is no event of {ticket.stream_id} that can go elsewhere"
                )

    def _check_contacts(self, contact: Contact, kept_id: str) -> None:
        if not self._find(f"contact/{kept_id}").version:
            raise UnknownContact(f"nobody registered contact/{kept_id}; report contact.registered")
        if contact.local_id in self._above(f"contact/{kept_id}"):
            raise MergedIntoItself(f"contact/{kept_id} goes on as {contact.stream_id} itself")

    def _merged(self, company: Company, merge: CompaniesMerged, belonging: Belonging) -> Echo:
        is_kept = company.local_id == merge.kept_id
        other = belonging.existing(merge.absorbed_id if is_kept else merge.kept_id)
        if merge.absorbed_id in self._above(f"company/{merge.kept_id}"):
            raise MergedIntoItself(f"{merge.kept_id} goes on as {merge.absorbed_id} itself")
        return Echo(f"company/{other}", other, merge, is_decided=True)

    def _parted(self, company: Company, reverted: CompanyMergeReverted) -> Iterator[Echo]:
        pair = company.merges[str(reverted.merge_event_id)]
        other = next(one for one in pair if one != company.local_id)
        there = cast("Company", self._find(f"company/{other}"))
        for merge, merged in there.merges.items():
            if merged == pair:
                told = CompanyMergeReverted.model_validate(
                    {**dict(reverted), "merge_event_id": merge}
                )
                yield Echo(f"company/{other}", other, told, is_decided=True)

    def _adopted(
        self,
        company: Company,
        tie: CompanyParentSet,
        happened: Recorded[Any],
        belonging: Belonging,
    ) -> Iterator[Echo]:
        parent = tie.parent_company_id and belonging.existing(tie.parent_company_id)
        above, seen = parent, set[str]()
        while above and above not in seen:
            if above == company.local_id:
                raise OwnParent(f"{parent} belongs to {company.stream_id} itself")
            seen.add(above)
            above = cast("Company", self._find(f"company/{above}")).parent_id
        if company.parent and happened.occurred_at < company.parent[0]:
            return  # learned late: what came after it stands
        before = company.parent_id
        if before and before != parent:
            gone = CompanySubsidiaryRemoved(subsidiary_id=company.local_id)
            yield Echo(f"company/{before}", before, gone)
        if parent and parent != before:
            yield Echo(
                f"company/{parent}", parent, CompanySubsidiaryAdded(subsidiary_id=company.local_id)
            )


def parted(ticket: Ticket, split: TicketSplit, opening: TicketOpened) -> tuple[Event, Event]:
    """Say how part of a ticket begins as one of its own.

    Args:
        opening: The ticket's own opening, its text open.
    """
    begins = opening.model_copy(
        update={
            "number": None,
            "subject": split.subject or opening.subject,
            "description": None,
            "continues": None,
        }
    )
    return begins, TicketLinked(other_ticket_id=ticket_chain(ticket.local_id), relation="follows")
