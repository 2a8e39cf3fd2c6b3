"""Ticket: the rules of one conversation between a company and us.

new → open ⇄ on hold → resolved → closed; a customer's message reopens the last two
"""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from domain.aggregate import Aggregate
from domain.errors import (
    AlreadyMade,
    AlreadyMoved,
    AlreadyOpened,
    InvalidReport,
    MergedIntoItself,
    NotOpened,
    UnknownCommitment,
    UnknownConsultation,
    UnknownEscalation,
    UnknownMerge,
)
from domain.events import AnyTicketEvent, Recorded
from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    CommitmentMade,
    ConsultationAnswered,
    ConsultationRequested,
    FactRequested,
    MilestoneBreached,
    MilestoneMet,
    MilestoneStarted,
    StepRecorded,
    TicketEscalationRaised,
    TicketEscalationResolved,
)
from domain.events.ticket import (
    AgentReplySent,
    Continues,
    Counts,
    CustomerMessageReceived,
    InternalNoteAdded,
    ReporterJoined,
    TicketAssigned,
    TicketClassified,
    TicketClosed,
    TicketLinked,
    TicketMergeReverted,
    TicketMovedAway,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketsMerged,
    TicketUpdated,
)
from domain.values import EPOCH, ticket_chain


class Ticket(Aggregate[AnyTicketEvent]):
    """One conversation, with what its rules need to know and nothing more."""

    READ = frozenset(
        event.TYPE
        for event in (
            TicketOpened, TicketMovedAway, TicketsMerged, TicketMergeReverted, CommitmentMade,
            TicketEscalationRaised, ConsultationRequested,
        )
    )  # fmt: skip

    def __init__(self, stream_id: str) -> None:
        super().__init__(stream_id)
        self.opening: Recorded[AnyTicketEvent] | None = None
        self.first_opened_at: datetime | None = None
        self.done: tuple[datetime, bool] | None = None
        self.moved_to: str | None = None
        self.commitments: set[str] = set()
        self.escalations: set[str] = set()
        self.consultations: set[str] = set()
        self.merges: set[str] = set()
        self.messages = self.replies = self.reopened = self.earlier = 0

    @property
    def is_done(self) -> bool:
        """Whether it is resolved or closed."""
        return self.done is not None and self.done[1]

    def decide(self, reported: Recorded[AnyTicketEvent]) -> Iterator[AnyTicketEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            InvalidReport: If *reported* opens the ticket as if the desk had moved it.
            AlreadyOpened: If *reported* opens the ticket a second time.
            NotOpened: If nobody opened it yet.
            OtherCompany: If *reported* names another company.
            AlreadyMoved: If it is to be moved to the company it is with.
            AlreadyMade: If a promise, escalation or consultation comes a second time.
            UnknownCommitment: If nobody made the promise that was kept or broken.
            UnknownEscalation: If nobody raised the escalation that is resolved.
            UnknownConsultation: If nobody asked what is answered.
            UnknownMerge: If there was no such merge to revert.
            MergedIntoItself: If it is merged into itself.
        """
        self.must_belong_to(reported)
        if isinstance(reported.data, TicketOpened):
            self._must_be_new(reported.data)
        else:
            self._must_be_open()
            self._must_be_coherent(reported.data)
        yield reported.data
        wrote = isinstance(reported.data, CustomerMessageReceived)
        if wrote and self.is_done and self.is_news(reported):
            yield TicketReopened()

    def evolve(self, happened: Recorded[AnyTicketEvent]) -> None:
        """Take over what happened."""
        at = happened.occurred_at
        match happened.data:
            case TicketOpened() as opening:
                self._open(happened, opening)
            case TicketResolved() | TicketClosed():
                self._finish(at, done=True)
            case TicketReopened():
                self.reopened += 1
                self._finish(at, done=False)
            case TicketMovedAway(to_stream_id=stream):
                self.moved_to = stream
            case CustomerMessageReceived():
                self.messages += 1
            case AgentReplySent():
                self.replies += 1
            case CommitmentMade(commitment_id=promise):
                self.commitments.add(promise)
            case TicketEscalationRaised(escalation_id=escalation):
                self.escalations.add(escalation)
            case ConsultationRequested(consultation_id=consultation):
                self.consultations.add(consultation)
            case TicketsMerged():
                self.merges.add(str(happened.event_id))
            case TicketMergeReverted(merge_event_id=merge):
                self.merges.discard(str(merge))
            case (
                TicketClassified() | TicketUpdated() | TicketAssigned() | InternalNoteAdded()
                | StepRecorded() | FactRequested() | CommitmentKept() | CommitmentBroken()
                | TicketPutOnHold() | TicketResumed() | ReporterJoined() | TicketLinked()
                | MilestoneStarted() | MilestoneMet() | MilestoneBreached()
                | TicketEscalationResolved() | ConsultationAnswered()
            ):  # fmt: skip
                pass
            case _ as never:
                assert_never(never)

    @property
    def next_link(self) -> str:
        """The stream in which the ticket goes on if it is moved to another company."""
        chain = ticket_chain(self.local_id)
        link = int(self.local_id.removeprefix(f"{chain}~")) if "~" in self.local_id else 1
        return f"ticket/{chain}~{link + 1}"

    def continuation(self, opening: TicketOpened) -> TicketOpened:
        """Say how the ticket, about to be moved, is opened again in its next link.

        Args:
            opening: The ticket's own opening, its text open.
        """
        continues = Continues(
            stream_id=self.stream_id,
            chain_id=ticket_chain(self.local_id),
            first_opened_at=self.first_opened_at or EPOCH,
            counts=Counts(
                events=self.earlier + self.version + 1,
                customer_messages=self.messages,
                agent_replies=self.replies,
                reopened=self.reopened,
            ),
            commitment_ids=tuple(sorted(self.commitments)),
            escalation_ids=tuple(sorted(self.escalations)),
            consultation_ids=tuple(sorted(self.consultations)),
        )
        return opening.model_copy(update={"continues": continues})

    def _open(self, opened: Recorded[AnyTicketEvent], opening: TicketOpened) -> None:
        self.opening = opened
        self.first_opened_at = opened.occurred_at
        if opening.continues:
            before = opening.continues.counts
            self.first_opened_at = opening.continues.first_opened_at
            self.earlier += before.events
            self.messages += before.customer_messages
            self.replies += before.agent_replies
            self.reopened += before.reopened
            self.commitments.update(opening.continues.commitment_ids)
            self.escalations.update(opening.continues.escalation_ids)
            self.consultations.update(opening.continues.consultation_ids)

    def _finish(self, at: datetime, *, done: bool) -> None:
        if self.done is None or at >= self.done[0]:
            self.done = (at, done)

    def _must_be_new(self, opening: TicketOpened) -> None:
        if opening.continues or self.local_id != ticket_chain(self.local_id):
            raise InvalidReport(
                "only a move continues a ticket: report ticket.moved_away, or, for a new ticket, "
                "an id without ~ and no data.continues"
            )
        if self.opening:
            raise AlreadyOpened(
                f"{self.stream_id} was opened before; report what happened next instead"
            )

    def _must_be_open(self) -> None:
        if not self.opening:
            raise NotOpened(f"nobody opened {self.stream_id}; report ticket.opened first")

    def _must_be_coherent(self, event: AnyTicketEvent) -> None:
        match event:
            case TicketMovedAway(to_company=target):
                if target == self.company_id:
                    raise AlreadyMoved(f"{self.stream_id} is with company {target} already")
            case TicketsMerged(kept_id=kept):
                if kept == self.local_id:
                    raise MergedIntoItself(f"{self.stream_id} cannot be merged into itself")
            case TicketMergeReverted(merge_event_id=merge):
                if str(merge) not in self.merges:
                    raise UnknownMerge(f"{self.stream_id} has no merge {merge} to revert")
            case CommitmentMade(commitment_id=promise):
                self._must_be_first(promise, self.commitments, "promise")
            case CommitmentKept(commitment_id=promise) | CommitmentBroken(commitment_id=promise):
                if promise not in self.commitments:
                    raise UnknownCommitment(f"nobody promised {promise} on {self.stream_id}")
            case TicketEscalationRaised(escalation_id=escalation):
                self._must_be_first(escalation, self.escalations, "escalation")
            case TicketEscalationResolved(escalation_id=escalation):
                if escalation not in self.escalations:
                    raise UnknownEscalation(f"nobody raised {escalation} on {self.stream_id}")
            case ConsultationRequested(consultation_id=consultation):
                self._must_be_first(consultation, self.consultations, "consultation")
            case ConsultationAnswered(consultation_id=consultation):
                if consultation not in self.consultations:
                    raise UnknownConsultation(f"nobody asked {consultation} on {self.stream_id}")
            case _:
                pass

    def _must_be_first(self, id: str, known: set[str], what: str) -> None:
        if id in known:
            raise AlreadyMade(f"the {what} {id} is on {self.stream_id} already")
