"""The course of a ticket: what its rules need to know of what happened, and nothing more."""

from datetime import datetime
from typing import Final, assert_never

from domain.aggregate import Aggregate
from domain.events import AnyTicketEvent, Recorded
from domain.events.continuing import Continues, Counts
from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    CommitmentMade,
    CommitmentWithdrawn,
    ConsultationAccepted,
    ConsultationAnswered,
    ConsultationClosed,
    ConsultationDeclined,
    ConsultationRequested,
    FactRequested,
    MilestoneBreached,
    MilestoneCancelled,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
    StepRecorded,
    TicketEscalationAccepted,
    TicketEscalationDeclined,
    TicketEscalationRaised,
    TicketEscalationResolved,
    TicketEscalationUpdated,
)
from domain.events.ticket import (
    AgentReplySent,
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
from domain.events.ties import (
    DuplicateDismissed,
    DuplicateSuspected,
    TicketSplit,
    TicketUnlinked,
)
from domain.values import EPOCH, ticket_chain

TIES: Final = (TicketsMerged, TicketMergeReverted, TicketMovedAway, TicketSplit)


class Course(Aggregate[AnyTicketEvent]):
    """What one conversation came to.

    Attributes:
        merges: Those in force: the event's id, and the ticket this one went into.
        parted: Ids of events that count in tickets split from this one.
        ties: Ids of events that say how it stands to others, and stay with it.
        owed: By the event that began it, what is owed here: a promise, an escalation, a question.
    """

    READ = frozenset(
        event.TYPE
        for event in (
            TicketOpened, TicketMovedAway, TicketsMerged, TicketMergeReverted, CommitmentMade,
            TicketEscalationRaised, ConsultationRequested, TicketSplit,
        )
    )  # fmt: skip

    def __init__(self, stream_id: str) -> None:
        super().__init__(stream_id)
        self.opening: Recorded[AnyTicketEvent] | None = None
        self.first_opened_at: datetime | None = None
        self.done: tuple[datetime, bool] | None = None
        self.moved_to: str | None = None
        self.continues = False
        self.commitments: set[str] = set()
        self.escalations: set[str] = set()
        self.consultations: set[str] = set()
        self.merges: dict[str, str] = {}
        self.parted: set[str] = set()
        self.ties: set[str] = set()
        self.owed: dict[str, tuple[str, str]] = {}
        self.messages = self.replies = self.reopened = self.earlier = 0

    @property
    def is_done(self) -> bool:
        """Whether it is resolved or closed."""
        return self.done is not None and self.done[1]

    @property
    def merged_into(self) -> str | None:
        """The ticket this one goes on in."""
        return next(iter(self.merges.values()), None)

    def evolve(self, happened: Recorded[AnyTicketEvent]) -> None:
        """Take over what happened."""
        at = happened.occurred_at
        if isinstance(happened.data, TIES):
            self.ties.add(str(happened.event_id))
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
                self._owe(happened, "commitments", promise)
            case TicketEscalationRaised(escalation_id=escalation):
                self._owe(happened, "escalations", escalation)
            case ConsultationRequested(consultation_id=consultation):
                self._owe(happened, "consultations", consultation)
            case TicketsMerged(kept_id=kept):
                self.merges[str(happened.event_id)] = kept
            case TicketMergeReverted(merge_event_id=merge):
                self.merges.pop(str(merge), None)
            case TicketSplit(moved_event_ids=moved):
                self.parted.update(map(str, moved))
                for ledger, owed in (self.owed[e] for e in map(str, moved) if e in self.owed):
                    getattr(self, ledger).discard(owed)
            case (
                TicketClassified() | TicketUpdated() | TicketAssigned() | InternalNoteAdded()
                | StepRecorded() | FactRequested() | CommitmentKept() | CommitmentBroken()
                | CommitmentWithdrawn() | TicketPutOnHold() | TicketResumed() | ReporterJoined()
                | TicketLinked() | TicketUnlinked() | DuplicateSuspected() | DuplicateDismissed()
                | MilestoneStarted() | MilestoneMet() | MilestoneBreached() | MilestonePaused()
                | MilestoneResumed() | MilestoneCancelled() | TicketEscalationResolved()
                | TicketEscalationAccepted() | TicketEscalationDeclined()
                | TicketEscalationUpdated() | ConsultationAnswered() | ConsultationAccepted()
                | ConsultationDeclined() | ConsultationClosed()
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

    @property
    def is_part(self) -> bool:
        """Whether it came of another ticket, of which it may have brought what is owed along."""
        opening = self.opening
        return bool(opening and opening.causation_id) and not self.continues

    def _owe(self, begun: Recorded[AnyTicketEvent], ledger: str, owed: str) -> None:
        getattr(self, ledger).add(owed)
        self.owed[str(begun.event_id)] = ledger, owed

    def _open(self, opened: Recorded[AnyTicketEvent], opening: TicketOpened) -> None:
        self.opening = opened
        self.first_opened_at = opened.occurred_at
        self.continues = opening.continues is not None
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
