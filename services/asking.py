"""What was asked of customers, and whether the answer was on file already.

Facts stand in the company's own stream, which is read when it is asked: so a warning knows what
was recorded a moment ago, whatever read model lags.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from domain.events import Logged
from domain.events.duties import FactRequested
from domain.values import Reader, micros, ticket_chain
from projections import facts, tickets, timeline_query
from projections.ticket_union import joined
from projections.timeline_filter import FARTHEST, Filter
from services.audit.looks import ASKED_AGAIN
from services.catalogue import PROJECTIONS
from services.feed import opened
from services.history import COMPANY, TICKET
from services.reading import NotFound, Reading
from services.security import Denied

LARGEST: Final = 200
"""Entries of a timeline that are read at once."""


@dataclass(frozen=True, slots=True)
class Moment:
    """As of when something is asked, on either clock; empty means now.

    Attributes:
        as_of: As it had happened by this time.
        known_at: As it was recorded up to this position.
    """

    as_of: datetime | None = None
    known_at: int | None = None

    @property
    def is_now(self) -> bool:
        """Whether neither clock is turned back."""
        return self.as_of is None and self.known_at is None

    @property
    def at(self) -> datetime:
        """The time on the clock of what happened."""
        return self.as_of or datetime.now(UTC)

    def filter(self, **more: Any) -> Filter:
        """Ask a timeline as of this moment."""
        as_of = None if self.as_of is None else micros(self.as_of)
        return Filter(as_of=as_of, known_at=self.known_at, **more)


NOW: Final = Moment()


class Asking(Reading):
    """What one identity can learn of the questions put to customers."""

    def questions(self, company_id: str, moment: Moment = NOW) -> dict[str, Any]:
        """List what a company was asked for, and how often the answer was on file already.

        Raises:
            Denied: If a customer asks: what is on file is ours.
        """
        self.staff_only()
        self.company(company_id)
        self._note(company_id)
        found = self.asked(company_id, moment.filter(types=(FactRequested.TYPE,)))
        return {"questions": found, **facts.asked_again(found)}

    def on_file(
        self, ticket_id: str, fact_key: str, contact_id: str | None = None
    ) -> dict[str, Any]:
        """Say whether what one is about to ask of the customer is on file already.

        Raises:
            NotFound: If there is no such ticket.
            Denied: If a customer asks.
        """
        self.staff_only()
        state = self._state(ticket_id)
        if state is None:
            raise NotFound(f"no ticket {ticket_id} is known")
        self._note(state["company_id"], state["chain_id"], purpose=ASKED_AGAIN)
        question = facts.Question(
            fact_key, micros(NOW.at), FARTHEST, contact_id or state["requester_id"],
            tuple(state["installation_ids"]),
        )  # fmt: skip
        return {"fact_key": fact_key, **self._answered(state["company_id"], question)}

    def reminded(self, stream_id: str, event: FactRequested, at: datetime, position: int
    ) -> dict[str, Any]:  # fmt: skip
        """Say of a question that was just recorded whether it was answered on file by then.

        Raises:
            Denied: If the one who asked may not read of the company.
        """
        company_id = self._deployment.log.company_of(stream_id) or ""
        self._may("read", company_id)
        state, chain = self._state(stream_id), ticket_chain(stream_id.removeprefix(TICKET))
        question = facts.Question(
            event.fact_key, micros(at), position,
            event.from_contact_id or (state["requester_id"] if state else None),
            tuple(state["installation_ids"]) if state else (),
        )  # fmt: skip
        self._note(company_id, chain, position, purpose=ASKED_AGAIN)
        return self._answered(company_id, question)

    def staff_only(self) -> None:
        """Refuse a customer.

        Raises:
            Denied: If a customer asks.
        """
        if self._may("read").public_only:
            raise Denied("this is for those who work on tickets; a customer's key is not told it")

    def asked(self, company_id: str, wanted: Filter) -> list[dict[str, Any]]:
        """List questions to a company that fit, each with the fact that had answered it."""
        reader, view = self._may("read", company_id), self._view("tickets")
        known = self.company_events(company_id, facts.TYPES, wanted.known_at)
        about: dict[str, tuple[str, ...]] = {}
        found = []
        for entry in self._entries(reader, company_id, wanted):
            ticket_id, fact_key = entry["ticket_id"], entry["data"].get("fact_key")
            told = {
                "ticket_id": ticket_id, "event_id": entry["event_id"], "at": entry["occurred_at"],
                "position": entry["position"], "actor": entry["actor"], "fact_key": fact_key,
            }  # fmt: skip
            if fact_key is None:
                found.append({**told, **facts.NOT_TOLD})
                continue
            if ticket_id not in about:
                state = tickets.state_of(view, reader, ticket_id)
                about[ticket_id] = tuple(state["installation_ids"]) if state else ()
            question = facts.Question(
                fact_key, micros(datetime.fromisoformat(entry["occurred_at"])),
                entry["position"], entry["contact_id"], about[ticket_id],
            )  # fmt: skip
            found.append({**told, **facts.told(facts.answer_to(known, question, reader))})
        return found

    def _state(self, ticket_id: str) -> dict[str, Any] | None:
        """Join the streams of a ticket and what goes on inside it, as far as one may read them."""
        seen = self._links(ticket_id)
        chain = ticket_chain(ticket_id.removeprefix(TICKET))
        return joined(chain, seen) if seen else None

    def company_events(
        self, company_id: str, types: frozenset[str], known_at: int | None
    ) -> list[Logged]:
        """List some kinds of events in a company's own stream, their text open."""
        rows = self._deployment.log.of_stream(f"{COMPANY}{company_id}", known_at)
        return opened([row for row in rows if row.type in types], self._deployment.keyring)

    def _answered(self, company_id: str, question: facts.Question) -> dict[str, Any]:
        reader = self._may("read", company_id)
        known = self.company_events(company_id, facts.TYPES, None)
        return facts.told(facts.answer_to(known, question, reader))

    def _entries(self, reader: Reader, company_id: str, wanted: Filter) -> Iterator[dict[str, Any]]:
        """Yield all entries of a company's timeline that fit, in the order they happened."""
        after = None
        head = self._deployment.position_of(PROJECTIONS["timeline"], company_id)
        while True:
            page = timeline_query.page(
                self._view("timeline"), reader, company_id, wanted, self._deployment.cursors,
                after=after, limit=LARGEST, head=head,
            )  # fmt: skip
            yield from map(orjson.loads, page.entries)
            if not (after := page.next):
                return
