"""Reading: what the command line, the API and the pages ask, authorised in one place.

Every answer is cut to what the one who asks may see, has its names filled in, says as of which
position it holds, and is on record in the read audit before it is given.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.errors import Forbidden
from domain.values import UNASSIGNED
from projections import directory, tickets, timeline_query, unions
from projections import replay as replays
from projections.replay_difference import Clock, Difference, Instant, difference
from projections.ticket_union import joined
from projections.timeline_filter import Filter
from projections.timeline_query import Arrival, Page
from services.access import Access
from services.export.jsonl import export_company
from services.history import (
    COMPANY,
    TICKET,
    History,
    read_company,
    read_history,
    streams_within,
    walk,
)
from services.naming import cleaned
from services.security import Denied


class NotFound(Forbidden):
    """There is no such company or ticket, as far as the one who asks may know."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of a timeline, and how fresh it is."""

    page: Page
    stale: bool = False


class Reading(Access):
    """What one identity reads of one deployment, for one request or command."""

    def companies(self, text: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """Find companies by name, id, domain, phone, mail or the name of a contact.

        A customer finds their own by its name or id alone, and so learns of no address.
        """
        reader, view = self._may("read"), self._view("directory")
        if not reader.public_only:
            return directory.companies(view, reader, text, limit)
        asked = (text or "").strip().casefold()
        own = directory.companies(view, reader, None, limit)
        return [c for c in own if asked in f"{c['name'] or ''}\n{c['company_id']}".casefold()]

    def company(self, company_id: str) -> dict[str, Any]:
        """Read what the directory holds of a company.

        Raises:
            NotFound: If there is no such company.
        """
        reader = self._may("read", company_id)
        found = directory.company(self._view("directory"), reader, company_id)
        if found is None and company_id == UNASSIGNED:
            return {"company_id": UNASSIGNED, "name": "Not assigned to a company", "kind": None}
        if found is None:
            raise NotFound(
                f"no company {company_id} is registered; "
                "search the companies by a name, domain, phone or mail address"
            )
        return found

    def contacts(
        self, company_id: str, as_of: datetime | None = None, known_at: int | None = None,
        *, roll_up: bool = False,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """List the people of a company, each in their last role; who left comes last.

        What we know of people is internal: a customer is told nothing.
        """
        reader, view = self._may("read", company_id), self._view("directory")
        if reader.public_only:
            return []
        self._note(company_id)
        companies = directory.companies_in(view, reader, company_id, roll_up=roll_up)
        return directory.contacts_of(view, companies, as_of, known_at, reader=reader)

    def tickets(
        self, company_id: str, status: str | None = None, limit: int | None = None,
        *, roll_up: bool = False,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """List every ticket of a company, by anyone there, whoever of ours has it."""
        self.company(company_id)
        reader = self._may("read", company_id)
        self._note(company_id)
        found = tickets.of_company(
            self._view("tickets"), reader, company_id, status, limit, roll_up=roll_up
        )
        return list(cleaned(found))

    def unassigned(self) -> int:
        """Count the tickets of no known company, as far as the one who asks may see them."""
        reader = self._may("read")
        if reader.public_only or not reader.may_read(UNASSIGNED):
            return 0
        return tickets.count_of(self._view("tickets"), UNASSIGNED)

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """Read one ticket as it stands, all its streams and what goes on inside it joined.

        Raises:
            NotFound: If there is no such ticket.
        """
        seen = self._links(ticket_id)
        if not seen:
            raise NotFound(f"no ticket {ticket_id} is known")
        whole: dict[str, Any] = cleaned(joined(seen[0]["chain_id"], seen))
        for company_id in sorted({state["company_id"] for state in seen}):
            self._note(company_id, whole["chain_id"])
        return whole

    def timeline(
        self, company_id: str, filter: Filter, *, after: str | None = None,
        before: str | None = None, limit: int = 50, order: str = "asc",
        wait_for: int | None = None,
    ) -> Answer:  # fmt: skip
        """Read a page of a company's timeline."""
        reader = self._may("read", company_id)
        stale = not self.has_come(wait_for, "timeline")
        page = timeline_query.page(
            self._view("timeline"), reader, company_id, filter, self._deployment.cursors,
            after=after, before=before, limit=limit, order="desc" if order == "desc" else "asc",
            head=self._deployment.timeline_head(reader, company_id, roll_up=filter.roll_up),
        )  # fmt: skip
        if not page.entries:
            self.company(company_id)
        self._note(company_id, None, page.position, len(page.entries), filter=filter)
        return Answer(replace(page, entries=self._names.in_entries(page.entries, filter)), stale)

    def since(
        self, company_id: str, filter: Filter, position: int, limit: int = 200
    ) -> list[Arrival]:
        """List what was recorded after *position*, in recorded order: for those who follow."""
        reader = self._may("read", company_id)
        head = self._deployment.timeline_head(reader, company_id, roll_up=filter.roll_up)
        found = timeline_query.recorded_since(
            self._view("timeline"), reader, company_id, position, filter,
            self._deployment.cursors, limit=limit, head=head,
        )  # fmt: skip
        if found:
            self._note(company_id, None, head, len(found), filter=filter)
        filled = self._names.in_entries([arrival.entry for arrival in found], filter)
        return [a._replace(entry=entry) for a, entry in zip(found, filled, strict=True)]

    def history(self, target: str, known_at: int | None = None) -> History:
        """Read what happened to a ticket or with a company, in the order it happened.

        Before anything of it is given, it is to be `viewed`.

        Args:
            target: A ticket's or a company's id; ``ticket/…`` or ``company/…`` where both exist.
            known_at: As recorded up to this position.

        Raises:
            NotFound: If there is no such ticket or company, or nothing of it to see.
        """
        reader, log, keyring = self._may("read"), self._deployment.log, self._deployment.keyring
        view = self._view("tickets")
        streams = [] if target.startswith(COMPANY) else self._streams(target, known_at)
        if streams or target.startswith(TICKET):
            found = read_history(log, keyring, reader, streams, view=view, upto=known_at)
        else:
            company_id = target.removeprefix(COMPANY)
            self.company(company_id)
            found = read_company(log, keyring, reader, company_id, view=view, upto=known_at)
        if found is None:
            raise NotFound(f"no {target.replace('/', ' ')} is known")
        return found

    def replay(
        self, target: str, step: int | None = None, known_at: int | None = None
    ) -> Iterator[replays.Step]:
        """Yield the steps of a ticket or a company, each with the state after it.

        Args:
            target: As for `history`.
            step: Only this one.
            known_at: As recorded up to this position.

        Raises:
            NotFound: If there is no such ticket, company or step.
        """
        history = self.history(target, known_at)
        yield from self.steps(history, step or 1, len(history.events) if step is None else 1)

    def steps(self, history: History, first: int, count: int) -> Iterator[replays.Step]:
        """Yield *count* steps from *first* on, each with the state after it.

        Raises:
            NotFound: If there is no step *first*.
        """
        total = len(history.events)
        if not 1 <= first <= total:
            raise NotFound(f"there are {total:,} steps, no step {first:,}")
        self.viewed(history, min(count, total - first + 1))
        yield from self.walk(history, first, count)

    def walk(self, history: History, first: int, count: int) -> Iterator[replays.Step]:
        """Yield *count* steps from *first* on, of a history that was `viewed`."""
        for found in walk(history, self._view("tickets"), first, count):
            yield replace(found, event=self._names.in_value(found.event))

    def viewed(self, history: History, count: int) -> None:
        """Put on record that *count* steps of a history are given."""
        for company_id in history.companies:
            self._note(company_id, history.ticket_id, history.position, count)

    def company_name(self, company_id: str | None) -> str | None:
        """Find what a company is called, if the one who asks may know."""
        try:
            return company_id and self.company(company_id).get("name")
        except (Forbidden, Denied):
            return None

    def diff(self, ticket_id: str, start: Instant, end: Instant,
             clock: Clock) -> Difference:  # fmt: skip
        """Say what changed in a ticket between two instants or positions."""
        history = self.history(f"{TICKET}{ticket_id.removeprefix(TICKET)}")
        self.viewed(history, len(history.events))
        found = difference(history.events, start, end, clock, history.reader,
                                   ticket_id=history.ticket_id, parts=history.parts)  # fmt: skip
        told = {name: cleaned(getattr(found, name)) for name in ("changes", "before", "after")}
        return replace(found, **told, words=self._names.in_value(found.words))

    def export(self, company_id: str, folder: Path, progress: Any = None) -> dict[str, Any]:
        """Write a company's history into a folder; return the manifest."""
        reader, deployment = self._may("export", company_id), self._deployment
        count = deployment.log.company_head(company_id)
        self._note(company_id, None, deployment.log.head(), count, purpose="export")
        view = self._view("tickets")
        united = {
            "merged_into": unions.wholes_of(view, "company", [company_id]).get(company_id),
            "absorbed": [*filter(reader.may_read, unions.companies_in(view, company_id)[1:])],
        }
        return export_company(
            deployment.log, deployment.keyring, reader, company_id, folder,
            asked_by=self._who.name, united=united, progress=progress,
        )  # fmt: skip

    def _streams(self, ticket_id: str, known_at: int | None = None) -> list[str]:
        view = self._view("tickets")
        return streams_within(self._deployment.log, view, self.reader(), ticket_id, known_at)

    def _links(self, ticket_id: str) -> list[dict[str, Any]]:
        """Read the streams of a ticket, and of what goes on inside it, each for itself."""
        reader, view = self._may("read"), self._view("tickets")
        links = [stream.removeprefix(TICKET) for stream in self._streams(ticket_id)]
        return [state for link in links if (state := tickets.state_of(view, reader, link))]
