"""Reading: what the command line, the API and the pages ask, authorised in one place.

Every answer is cut to what the one who asks may see, has its names filled in, and says as of
which position it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from domain.errors import Forbidden
from domain.events import Logged
from domain.values import Reader, micros, ticket_chain
from projections import directory, tickets, timeline_query
from projections import replay as replays
from projections.cursor import Cursors
from projections.slots import fill
from projections.timeline_filter import Filter
from projections.timeline_query import Arrival, Page
from services.audit.reads import ReadAudit
from services.catalogue import PROJECTIONS
from services.deployment import Deployment
from services.export.jsonl import export_company
from services.feed import opened
from services.security import Action, Identity, authorize

WAIT_SECONDS: Final = 2.0
"""How long a read waits for a position before it says that it is stale."""


class NotFound(Forbidden):
    """There is no such company or ticket, as far as the one who asks may know."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of a timeline, and how fresh it is."""

    page: Page
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Some steps of a replay, and how many there are in all."""

    total: int
    steps: list[replays.Step]


class Reading:
    """What one identity reads of one deployment."""

    def __init__(self, deployment: Deployment, who: Identity) -> None:
        self._deployment = deployment
        self._who = who
        self._audit = ReadAudit(deployment.desk)

    def companies(self, text: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """Find companies by name, id, domain, phone, mail or the name of a contact."""
        reader = self._may("read")
        return directory.companies(self._view("directory"), reader, text, limit)

    def company(self, company_id: str) -> dict[str, Any]:
        """Read what the directory holds of a company.

        Raises:
            NotFound: If there is no such company.
        """
        reader = self._may("read", company_id)
        found = directory.company(self._view("directory"), reader, company_id)
        if found is None:
            raise NotFound(f"no company {company_id} is registered; see longcase companies")
        return found

    def tickets(self, company_id: str, status: str | None = None) -> list[dict[str, Any]]:
        """List every ticket of a company, by anyone there, whoever of ours has it."""
        self.company(company_id)
        found = tickets.of_company(
            self._view("tickets"), self._may("read", company_id), company_id, status
        )
        return self._filled(found)

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """Read one ticket as it stands, all streams of its chain joined.

        Raises:
            NotFound: If there is no such ticket.
        """
        reader, view = self._may("read"), self._view("tickets")
        links = [tickets.state_of(view, reader, stream.split("/", 1)[1])
                 for stream in self._streams(ticket_id)]  # fmt: skip
        seen = [link for link in links if link]
        if not seen:
            raise NotFound(f"no ticket {ticket_id} is known")
        whole: dict[str, Any] = self._filled(replays.whole(seen))
        return whole

    def timeline(
        self, company_id: str, filter: Filter, *, after: str | None = None,
        before: str | None = None, limit: int = 50, order: str = "asc",
        wait_for: int | None = None,
    ) -> Answer:  # fmt: skip
        """Read a page of a company's timeline."""
        reader = self._may("read", company_id)
        self.company(company_id)
        stale = wait_for is not None and not self._deployment.projector.wait_for(
            PROJECTIONS["timeline"], wait_for, WAIT_SECONDS
        )
        view = self._view("timeline")
        page = timeline_query.page(
            view, reader, company_id, filter, self._cursors(), after=after, before=before,
            limit=limit, order="desc" if order == "desc" else "asc", head=self.position("timeline"),
        )  # fmt: skip
        self._audit.viewed(self._who, company_id, position=page.position, count=len(page.entries))
        entries = self._fill_entries(page.entries, filter)
        return Answer(replace(page, entries=entries), stale)

    def since(
        self, company_id: str, filter: Filter, position: int, limit: int = 200
    ) -> list[Arrival]:
        """List what was recorded after *position*, in recorded order: for those who follow."""
        reader = self._may("read", company_id)
        found = timeline_query.recorded_since(
            self._view("timeline"), reader, company_id, position, filter, self._cursors(),
            limit=limit, head=self.position("timeline"),
        )  # fmt: skip
        filled = self._fill_entries([arrival.entry for arrival in found], filter)
        return [a._replace(entry=entry) for a, entry in zip(found, filled, strict=True)]

    def contacts(self, company_id: str) -> list[dict[str, Any]]:
        """List the people of a company, each in their last role; who left comes last."""
        self._may("read", company_id)
        return directory.contacts_of(self._view("directory"), company_id)

    def replay(
        self, target: str, step: int | None = None, known_at: int | None = None
    ) -> Iterator[replays.Step]:
        """Yield the steps of a ticket or a company, each with the state after it.

        Args:
            target: A ticket or a company id; ``ticket/…`` or ``company/…`` where both exist.
            step: Only this one.
            known_at: As recorded up to this position.

        Raises:
            NotFound: If there is no such ticket, company or step.
        """
        reader, is_ticket, events = self._history(target, known_at)
        steps = (replays.replay if is_ticket else replays.company_replay)(
            events, reader, start=step or 1
        )
        shown = 0
        for found in steps:
            shown += 1
            yield self._filled_step(found)
            if step is not None:
                return
        if not shown:
            raise NotFound(f"{target} has no step {step or 1}")

    def window(self, target: str, step: int | None, size: int) -> "Window":
        """List up to *size* steps of a replay, the last of them *step*, or the newest one.

        Raises:
            NotFound: If there is no such ticket, company or step.
        """
        reader, is_ticket, events = self._history(target)
        total = replays.count(events, reader)
        last = total if step is None else step
        if not 1 <= last <= total:
            raise NotFound(f"{target} has {total:,} steps, no step {last:,}")
        first = max(1, last - size + 1)
        walk = replays.replay if is_ticket else replays.company_replay
        steps = islice(walk(events, reader, start=first), last - first + 1)
        return Window(total, [self._filled_step(found) for found in steps])

    def named(self, state: dict[str, Any]) -> dict[str, Any]:
        """Put names where a state names people by their ids."""
        wanted = {f"contact/{c}" for c in (state["requester_id"], *state["reporters"]) if c}
        agent = state["assignee"]["agent"]
        names = self._names(wanted | ({f"staff/{agent}"} if agent else set()))
        return {
            **state,
            "requester_id": names.get(f"contact/{state['requester_id']}", state["requester_id"]),
            "reporters": [names.get(f"contact/{c}", c) for c in state["reporters"]],
            "assignee": {
                "agent": names.get(f"staff/{agent}", agent),
                "team": state["assignee"]["team"],
            },
        }

    def company_name(self, company_id: str | None) -> str | None:
        """Find what a company is called, if the one who asks may know."""
        try:
            return company_id and self.company(company_id).get("name")
        except Forbidden:
            return None

    def diff(self, ticket_id: str, start: replays.Instant, end: replays.Instant,
             clock: replays.Clock) -> replays.Difference:  # fmt: skip
        """Say what changed in a ticket between two instants or positions."""
        reader, is_ticket, events = self._history(f"ticket/{ticket_id.removeprefix('ticket/')}")
        assert is_ticket  # noqa: S101  asked for as one
        found = replays.difference(events, start, end, clock, reader)
        return replace(
            found,
            **{
                name: self._filled(getattr(found, name))
                for name in ("changes", "words", "before", "after")
            },
        )

    def export(self, company_id: str, folder: Path, progress: Any = None) -> dict[str, Any]:
        """Write a company's history into a folder; return the manifest."""
        reader = self._may("export", company_id)
        deployment = self._deployment
        return export_company(
            deployment.log, deployment.keyring, reader, company_id, folder,
            asked_by=self._who.name, progress=progress,
        )  # fmt: skip

    def position(self, name: str) -> int:
        """Say up to which position a projection is folded."""
        models = self._deployment.models
        marks = models.marks(models.view(PROJECTIONS[name]))
        return max((mark.position for mark in marks.values()), default=0)

    def position_at(self, recorded: datetime) -> int:
        """Say the largest position recorded by a time."""
        return self._deployment.log.position_at(micros(recorded))

    def _may(self, action: Action, company_id: str | None = None) -> Reader:
        return authorize(self._who, action, company_id)

    def _view(self, name: str) -> Any:
        return self._deployment.models.view(PROJECTIONS[name])

    def _cursors(self) -> Cursors:
        return Cursors(self._deployment.control.secret("cursors"))

    def _streams(self, ticket_id: str) -> list[str]:
        """List the streams of a ticket's chain that exist."""
        chain = ticket_chain(ticket_id.removeprefix("ticket/"))
        streams = []
        number = 1
        while True:
            stream = f"ticket/{chain}" if number == 1 else f"ticket/{chain}~{number}"
            if not self._deployment.log.stream_exists(stream):
                return streams
            streams.append(stream)
            number += 1

    def _history(
        self, target: str, known_at: int | None = None
    ) -> tuple[Reader, bool, list[Logged]]:
        """Read the events of a ticket or a company, in the order they happened."""
        reader, log = self._may("read"), self._deployment.log
        streams = [] if target.startswith("company/") else self._streams(target)
        if streams:
            rows = [row for stream in streams for row in log.of_stream(stream, known_at)]
        else:
            company_id = target.removeprefix("company/")
            self.company(company_id)
            rows = list(log.all_of_company(company_id, known_at))
        events = sorted(opened(rows, self._deployment.keyring), key=lambda e: e.happened)
        companies = {event.event.company_id for event in events}
        if events and not any(reader.may_read(company) for company in companies):
            raise NotFound(f"no ticket {target} is known")
        for company in sorted(c for c in companies if c and reader.may_read(c)):
            self._audit.viewed(
                self._who, company, ticket_id=ticket_chain(streams[0].removeprefix("ticket/")) if streams else None,
                position=max(e.position for e in events), count=len(events),
            )  # fmt: skip
        return reader, bool(streams), events

    def _fill_entries(self, entries: list[bytes], filter: Filter) -> list[bytes]:
        joined = fill(b"\n".join(entries), lambda people: self._names(people, filter))
        return joined.split(b"\n") if entries else []

    def _filled(self, value: Any) -> Any:
        return orjson.loads(fill(orjson.dumps(value), self._names))

    def _filled_step(self, step: replays.Step) -> replays.Step:
        return replace(step, event=self._filled(step.event))

    def _names(self, people: set[str], filter: Filter | None = None) -> dict[str, str]:
        """Find names as they were known on the clocks of the question."""
        split: dict[str, list[str]] = {"contact": [], "staff": []}
        for person in sorted(people):
            kind, _, local_id = person.partition("/")
            split[kind].append(local_id)
        as_of = filter.as_of if filter else None
        known_at = filter.known_at if filter else None
        named = directory.names(self._view("directory"), split["contact"], as_of, known_at)
        staff = self._deployment.control.staff(split["staff"])
        return {
            **{f"contact/{contact}": name for contact, name in named.items()},
            **{f"staff/{agent}": name for agent, name in staff.items()},
        }
