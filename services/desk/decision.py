"""One commit in the making: reports are decided in order, each against what went before."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from eventsourcing.persistence import StoredEvent

from domain.aggregate import Aggregate
from domain.company import Company
from domain.errors import ContentDiffers, ReferenceTaken, Refused, TooFarAhead, WrongVersion
from domain.events import Event
from domain.events.account import CompanyParentSet
from domain.events.company import CompanyRegistered
from domain.events.ticket import (
    TicketMovedAway,
)
from domain.ticket import Ticket
from domain.values import UNASSIGNED, micros
from services.control import Keyring
from services.desk.belonging import Belonging, Companies
from services.desk.documents import Draft, Drafting
from services.desk.elsewhere import Elsewhere
from services.desk.following import Following
from services.desk.hearing import Heard
from services.desk.references import REGISTERED, TELLING, Fresh, References
from services.receipts import Receipt, refused
from services.store import KnownReport, Placement, ReportRow
from services.wire import Report

AHEAD: Final = timedelta(minutes=5)
"""How far ahead of our clock an event may claim to have happened."""


class Streams(Companies, Protocol):
    """Where a decision finds what it decides against."""

    def find(self, stream_id: str) -> Aggregate[Any]:
        """Find the state of a stream."""

    def catch_up(self, stream_ids: Iterable[str]) -> bool:
        """Take over what others recorded since streams were read; say whether they did."""

    def holds(self, stream_id: str, event_id: str) -> bool:
        """Say whether an event stands in a stream."""


@dataclass(slots=True)
class Pending:
    """A report that is accepted, and where its events stand in the commit."""

    report: Report
    first: int
    last: int


@dataclass(slots=True)
class Repeated:
    """A report that stands twice in one batch; `first` is its first place in it."""

    report: Report
    first: int


class Decision:
    """The events, receipts and rows of one commit.

    Attributes:
        touched: The streams it adds to, as they will be.
        has_doubts: Whether a report is refused of which nobody said whether it came before.
    """

    def __init__(
        self, streams: Streams, references: References, keyring: Keyring, now: datetime
    ) -> None:
        self._streams = streams
        self._keyring = keyring
        self._latest = now + AHEAD
        self._drafting = Drafting(keyring, now)
        self._fresh = Fresh()
        self._references = references.within(self._fresh)
        self._elsewhere = Elsewhere(self._seen, self._seen_link, self._stands_in)
        self._belonging = Belonging(
            streams, self._references, self._is_introduced, self._elsewhere.person
        )
        self._following = Following(
            self._aggregate, self._seen_link, self._elsewhere, self._belonging, self._drafting,
            keyring,
        )  # fmt: skip
        self._reported: dict[tuple[str, str], tuple[bytes, int]] = {}
        self._looked_at: set[str] = set()
        self.touched: dict[str, Aggregate[Any]] = {}
        self.drafts: list[Draft] = []
        self.events: list[StoredEvent] = []
        self.placement = Placement(now=micros(now))
        self.answers: list[Receipt | Pending | Repeated] = []
        self.has_doubts = False

    @property
    def has_refusals(self) -> bool:
        """Whether any report is refused."""
        return any(isinstance(a, Receipt) and a.status == "refused" for a in self.answers)

    def take(self, heard: Heard, known: KnownReport | None) -> None:
        """Decide one report: record it, know it as a duplicate, or refuse it."""
        try:
            if heard.refusal:
                raise heard.refusal
            is_new = known is None and heard.key not in self._reported
            answer = self._accept(heard) if is_new else self._repeat(heard, known)
        except Refused as refusal:
            self.has_doubts |= heard.refusal is None and known is None
            answer = refused(heard.report.stream_id, refusal)
        self.answers.append(answer)

    def receipts(self, positions: list[int]) -> list[Receipt]:
        """Say what became of each report, now that the commit has its *positions*."""
        receipts: list[Receipt] = []
        for answer in self.answers:
            match answer:
                case Pending():
                    first = self.events[answer.first]
                    receipts.append(Receipt(
                        "accepted", str(first.originator_id), positions[answer.first],
                        positions[answer.last], first.originator_version,
                        self.drafts[answer.first].happened.event_id,
                        self.placement.companies[answer.first],
                    ))  # fmt: skip
                case Repeated():
                    receipts.append(replace(receipts[answer.first], status="duplicate"))
                case Receipt():
                    receipts.append(answer)
        return receipts

    def _repeat(self, heard: Heard, known: KnownReport | None) -> Receipt | Repeated:
        """Answer a report that came before, in an earlier commit or in this one.

        Where an erasure took the hash of what it said, a repeat is a repeat, whatever it says.
        """
        digest, first = self._reported.get(heard.key, (b"", 0))
        digest = known.digest if known else digest
        if digest and digest != heard.digest:
            raise ContentDiffers(
                f"{heard.key[0]} reported {heard.key[1]} before with other content; "
                "give a new event a new id"
            )
        if known is None:
            return Repeated(heard.report, first)
        return Receipt(
            "duplicate", known.stream_id, known.position, known.last_position,
            known.stream_version,
        )  # fmt: skip

    def _accept(self, heard: Heard) -> Pending:
        drafts = self._drafts(heard.report)
        placed = [*self._following.founding(drafts[0].happened), *drafts]
        for draft in placed:
            self._place(draft)
        if trace := heard.report.traceparent:
            count = len(self.events)
            self.placement.traces += [(i, trace) for i in range(count - len(placed), count)]
        first, last = len(self.events) - len(drafts), len(self.events) - 1
        self.placement.reports.append(ReportRow(*heard.key, heard.digest, first, last))
        self._reported[heard.key] = heard.digest, len(self.answers)
        return Pending(heard.report, first, last)

    def _drafts(self, report: Report) -> list[Draft]:
        """List what to record; a refusal by a state that others moved on is decided again."""
        if report.occurred_at > self._latest:
            raise TooFarAhead(
                f"{report.occurred_at.isoformat()} lies more than 5 minutes ahead of our clock"
            )
        self._looked_at.clear()
        try:
            return self._decide(report, self._last_link(report.stream_id))
        except Refused:
            if not self._streams.catch_up(self._looked_at - self.touched.keys()):
                raise
        return self._decide(report, self._last_link(report.stream_id))

    def _last_link(self, stream_id: str) -> Aggregate[Any]:
        """Follow a moved ticket to where it is now."""
        aggregate = self._aggregate(stream_id)
        while isinstance(aggregate, Ticket) and aggregate.moved_to:
            aggregate = self._aggregate(aggregate.moved_to)
        return aggregate

    def _aggregate(self, stream_id: str) -> Aggregate[Any]:
        self._looked_at.add(stream_id)
        return self.touched.get(stream_id) or self._streams.find(stream_id)

    def _seen(self, stream_id: str) -> Aggregate[Any]:
        """Find the state of another stream; should others add to it, this is decided again."""
        found = self._aggregate(stream_id)
        if stream_id not in self.touched:
            self.placement.seen[stream_id] = found.version
        return found

    def _seen_link(self, stream_id: str) -> Aggregate[Any]:
        last = self._last_link(stream_id)
        return self._seen(last.stream_id)

    def _decide(self, report: Report, aggregate: Aggregate[Any]) -> list[Draft]:
        """List what to record: each event, sealed, with the stream it stands in."""
        expected = report.expected_version
        if expected is not None and expected != aggregate.version:
            raise WrongVersion(aggregate.stream_id, expected, aggregate.version)
        stream_id = aggregate.stream_id
        company_id = self._belonging.company_of(report, aggregate)
        event = self._told(report, aggregate)
        self._check_external(stream_id, event)
        draft = self._drafting.write(report, event, stream_id, company_id)
        _, *after = aggregate.decide(draft.happened)
        drafts = [draft]
        drafts += [
            self._drafting.follow(draft.happened, following, stream_id, company_id)
            for following in after
        ]
        return [*drafts, *self._following.beyond(aggregate, draft)]

    def _told(self, report: Report, aggregate: Aggregate[Any]) -> Event:
        """Complete what the publisher said with what only the desk can say."""
        event = report.event
        if isinstance(event, TicketMovedAway) and isinstance(aggregate, Ticket):
            target = self._belonging.resolve(event.to_company) or UNASSIGNED
            there = {"to_company": target, "to_stream_id": aggregate.next_link}
            return event.model_copy(update=there)
        if isinstance(event, CompanyParentSet) and isinstance(aggregate, Company):
            return event.model_copy(update={"previous_parent_id": aggregate.parent_id})
        return event

    def _stands_in(self, event_id: str, stream_id: str) -> bool:
        return self._streams.holds(stream_id, event_id) or any(
            (str(draft.happened.event_id), draft.happened.stream_id) == (event_id, stream_id)
            for draft in self.drafts
        )

    def _is_introduced(self, contact_id: str) -> bool:
        stream_id = f"contact/{contact_id}"
        return self._aggregate(stream_id).version > 0 or self._streams.catch_up([stream_id])

    def _place(self, draft: Draft) -> None:
        """Put an event at the end of its stream and of the commit."""
        happened = draft.happened
        stream_id = happened.stream_id
        target = self.touched.get(stream_id)
        if target is None:
            target = self.touched[stream_id] = self._streams.find(stream_id).branch()
        target.take(happened)
        self.drafts.append(draft)
        self.events.append(StoredEvent(stream_id, target.version, happened.type, draft.state))
        place = self.placement
        place.companies.append(happened.company_id)
        place.occurred.append(micros(happened.occurred_at))
        place.public.append(happened.visibility == "public")
        self._note(stream_id, draft.opened)

    def _note(self, stream_id: str, event: Event) -> None:
        """Keep what else becomes known by an event: companies, handles, affiliations."""
        if not isinstance(event, TELLING):
            return
        if isinstance(event, CompanyRegistered):
            self._belonging.registered(stream_id.split("/", 1)[1])
        place = self.placement
        externals = list(self._references.externals_of(stream_id, event))
        addresses = list(self._references.addresses_of(stream_id, event))
        place.externals += externals
        place.handles += addresses
        for digest, target in (*externals, *addresses):
            self._fresh.handles.setdefault(digest, target)
        if affiliation := self._references.turned_by(stream_id, event):
            self._fresh.affiliations[affiliation[0]] = affiliation[1]
            place.affiliations.append(affiliation)

    def _check_external(self, stream_id: str, event: Event) -> None:
        if not isinstance(event, REGISTERED):
            return
        wanted = [digest for digest, _ in self._references.externals_of(stream_id, event)]
        taken = self._references.known(wanted) if wanted else {}
        for digest in wanted:
            if taken.get(digest, stream_id) != stream_id:
                raise ReferenceTaken(f"{taken[digest]} holds one of these external ids already")
