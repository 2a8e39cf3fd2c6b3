"""One commit in the making: reports are decided in order, each against what went before."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from domain.aggregate import Aggregate, Decided
from domain.errors import (
    ContentDiffers,
    OtherCompany,
    ReferenceTaken,
    Refused,
    TooFarAhead,
    UnknownCompany,
    WrongVersion,
)
from domain.events import Event, Recorded
from domain.events.ticket import TicketMovedAway
from domain.ticket import Ticket
from domain.values import UNASSIGNED, micros
from services.control import Keyring
from services.desk.documents import document, follow
from services.receipts import Receipt, refused
from services.desk.references import References
from services.sealing import seal, unseal
from services.store import Placement, ReportRow
from services.store.log import KnownReport
from services.wire import Report

AHEAD: Final = timedelta(minutes=5)
"""How far ahead of our clock an event may claim to have happened."""


class Streams(Protocol):
    """Where a decision finds what it decides against."""

    def aggregate(self, stream_id: str) -> Aggregate[Any]:
        """Find the state of a stream."""

    def fresh(self, stream_id: str) -> Aggregate[Any] | None:
        """Read a stream again if it moved on since it was kept, else ``None``."""

    def company_exists(self, company_id: str) -> bool:
        """Say whether a company was ever recorded."""


@dataclass(slots=True)
class Pending:
    """A report that is accepted, and where its events stand in the commit."""

    report: Report
    first: int
    last: int


@dataclass(slots=True)
class Repeated:
    """A report that stands twice in one batch; `first` is its first place in it."""

    first: int


class Decision:
    """The events, receipts and rows of one commit."""

    def __init__(
        self, streams: Streams, references: References, keyring: Keyring, content_key: bytes,
        now: datetime,
    ) -> None:  # fmt: skip
        self._streams = streams
        self._keyring = keyring
        self._content_key = content_key
        self._now = now
        self._companies: set[str] = {UNASSIGNED}
        self._handles: dict[bytes, str] = {}
        self._references = references.over(self._handles)
        self._reported: dict[tuple[str, str], tuple[bytes, int]] = {}
        self.touched: dict[str, Aggregate[Any]] = {}
        self.decided: list[Decided] = []
        self.placement = Placement(now=micros(now))
        self.answers: list[Receipt | Pending | Repeated] = []

    def take(self, report: Report, known: KnownReport | None) -> None:
        """Decide one report: record it, know it as a duplicate, or refuse it."""
        digest = self.digest(report)
        key = report.source.system, report.source.external_id
        try:
            answer: Receipt | Pending | Repeated | None = self._repeat(report, digest, known)
            if answer is None:
                first = len(self.decided)
                self._record(report)
                last = len(self.decided) - 1
                self.placement.reports.append(ReportRow(*key, digest, first, last))
                self._reported[key] = digest, len(self.answers)
                answer = Pending(report, first, last)
        except Refused as refusal:
            answer = refused(report.stream_id, refusal)
        self.answers.append(answer)

    def digest(self, report: Report) -> bytes:
        """Hash what a report says, so that a repeat with other content is noticed."""
        said = report.event.__pydantic_serializer__.to_json(report.event)
        head = "|".join(
            (
                report.event.TYPE, report.stream_id, report.occurred_at.isoformat(),
                report.actor, report.visibility, report.company or "",
            )
        )  # fmt: skip
        return hashlib.blake2b(head.encode() + said, key=self._content_key, digest_size=16).digest()

    def receipts(self, positions: list[int]) -> list[Receipt]:
        """Say what became of each report, now that the commit has its *positions*."""
        receipts: list[Receipt] = []
        for answer in self.answers:
            match answer:
                case Pending():
                    first = self.decided[answer.first]
                    receipts.append(Receipt(
                        "accepted", first.originator_id, positions[answer.first],
                        positions[answer.last], first.originator_version, first.event.event_id,
                    ))  # fmt: skip
                case Repeated():
                    receipts.append(replace(receipts[answer.first], status="duplicate"))
                case Receipt():
                    receipts.append(answer)
        return receipts

    def _repeat(
        self, report: Report, digest: bytes, known: KnownReport | None
    ) -> "Receipt | Repeated | None":
        """Answer a report that came before, in an earlier commit or in this one."""
        earlier = self._reported.get((report.source.system, report.source.external_id))
        if known is None and earlier is None:
            return None
        if digest != (known.digest if known else earlier and earlier[0]):
            raise ContentDiffers(
                f"{report.source.system} reported {report.source.external_id} before with other "
                "content; give a new event a new id"
            )
        if known is None:
            return Repeated(earlier[1] if earlier else 0)
        return Receipt(
            "duplicate", known.stream_id, known.position, known.last_position,
            known.stream_version,
        )  # fmt: skip

    def _record(self, report: Report) -> None:
        if report.occurred_at > self._now + AHEAD:
            raise TooFarAhead(
                f"{report.occurred_at.isoformat()} lies more than 5 minutes ahead of our clock"
            )
        aggregate = self._last_link(report.stream_id)
        try:
            self._expect(report, aggregate)
            steps = self._decide(report, aggregate)
        except Refused:
            newer = None if report.stream_id in self.touched else self._fresh(aggregate)
            if newer is None:
                raise
            self._expect(report, newer)
            steps = self._decide(report, newer)
        for target, happened, open_event in steps:
            self._place(target, happened, open_event)

    def _fresh(self, aggregate: Aggregate[Any]) -> Aggregate[Any] | None:
        if aggregate.stream_id in self.touched:
            return None
        return self._streams.fresh(aggregate.stream_id)

    def _last_link(self, stream_id: str) -> Aggregate[Any]:
        """Follow a moved ticket to where it is now."""
        aggregate = self._aggregate(stream_id)
        while isinstance(aggregate, Ticket) and aggregate.moved_to:
            aggregate = self._aggregate(aggregate.moved_to)
        return aggregate

    def _aggregate(self, stream_id: str) -> Aggregate[Any]:
        return self.touched.get(stream_id) or self._streams.aggregate(stream_id)

    def _expect(self, report: Report, aggregate: Aggregate[Any]) -> None:
        expected = report.expected_version
        if expected is not None and expected != aggregate.version:
            raise WrongVersion(aggregate.stream_id, expected, aggregate.version)

    def _decide(
        self, report: Report, aggregate: Aggregate[Any]
    ) -> list[tuple[Aggregate[Any], Recorded[Any], Event]]:
        """List what to record: the sealed event for each stream it stands in."""
        company_id = self._company_of(report, aggregate)
        self._check_external(aggregate.stream_id, report.event)
        happened = document(report, aggregate.stream_id, company_id, self._now)
        steps: list[tuple[Aggregate[Any], Recorded[Any], Event]] = []
        for index, event in enumerate(aggregate.decide(happened)):
            if isinstance(event, TicketMovedAway) and isinstance(aggregate, Ticket):
                steps += self._move(aggregate, happened, event)
            elif index == 0:
                steps.append((aggregate, seal(happened, self._keyring), event))
            else:
                after = follow(happened, event, aggregate.stream_id, company_id)
                steps.append((aggregate, seal(after, self._keyring), event))
        return steps

    def _move(
        self, ticket: Ticket, happened: Recorded[Any], moved: TicketMovedAway
    ) -> Iterator[tuple[Aggregate[Any], Recorded[Any], Event]]:
        """Say the move in the old stream and the opening in a new one."""
        target = self._references.resolve("company", moved.to_company) or UNASSIGNED
        self._must_exist(target)
        opening = unseal(ticket.opening, self._keyring).data if ticket.opening else None
        assert opening is not None, "only an opened ticket can be moved"  # noqa: S101
        stream, reopening = ticket.continuation(opening)
        there = moved.model_copy(update={"to_company": target, "to_stream_id": stream})
        happened = happened.model_copy(update={"data": there})
        yield ticket, seal(happened, self._keyring), there
        after = follow(happened, reopening, stream, target)
        yield self._aggregate(stream), seal(after, self._keyring), reopening

    def _place(self, target: Aggregate[Any], happened: Recorded[Any], event: Event) -> None:
        """Put an event at the end of its stream and of the commit."""
        self.touched[target.stream_id] = target
        self.decided.append(target.take(happened))
        place = self.placement
        place.companies.append(happened.company_id)
        place.occurred.append(micros(happened.occurred_at))
        place.public.append(happened.visibility == "public")
        if event.TYPE == "company.registered" and happened.company_id:
            self._companies.add(happened.company_id)
        for digest, stream in self._references.handles_of(target.stream_id, event):
            self._handles.setdefault(digest, stream)
            place.handles.append((digest, stream))
        if affiliation := self._references.affiliation_of(target.stream_id, event):
            self._handles[affiliation[0]] = affiliation[1]
            place.affiliations.append(affiliation)

    def _company_of(self, report: Report, aggregate: Aggregate[Any]) -> str | None:
        """Say which company the event belongs to: named, inherited, or nobody's yet."""
        kind = aggregate.stream_id.split("/", 1)[0]
        if kind in ("contact", "product", "reads"):
            return None
        named = report.company and self._resolve_company(report.company)
        if kind == "company":
            if named and named != aggregate.local_id:
                raise OtherCompany(f"{aggregate.stream_id} cannot speak for company {named}")
            return aggregate.local_id
        if aggregate.version and (named is None or aggregate.stream_id != report.stream_id):
            return aggregate.company_id  # a moved ticket's publisher still names the old one
        company_id = named or UNASSIGNED
        self._must_exist(company_id)
        return company_id

    def _resolve_company(self, reference: str) -> str:
        return self._references.resolve("company", reference) or UNASSIGNED

    def _must_exist(self, company_id: str) -> None:
        if company_id in self._companies:
            return
        if not self._streams.company_exists(company_id):
            raise UnknownCompany(
                f"no company {company_id} is registered; report company.registered first, "
                "or leave the company out"
            )
        self._companies.add(company_id)

    def _check_external(self, stream_id: str, event: Event) -> None:
        wanted = dict(self._references.externals_of(stream_id, event))
        if not wanted:
            return
        taken = self._references.known(list(wanted))
        for digest in wanted:
            if taken.get(digest, stream_id) != stream_id:
                raise ReferenceTaken(f"{taken[digest]} holds one of these external ids already")
