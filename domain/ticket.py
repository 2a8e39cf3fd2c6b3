"""Ticket: the rules of one conversation between a company and us.

new → open ⇄ on hold → resolved → closed; a customer's message reopens the last two
"""

from collections.abc import Iterator

from domain.course import Course
from domain.errors import (
    AlreadyMade,
    AlreadyMerged,
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
    CommitmentWithdrawn,
    ConsultationAccepted,
    ConsultationAnswered,
    ConsultationClosed,
    ConsultationDeclined,
    ConsultationRequested,
    TicketEscalationAccepted,
    TicketEscalationDeclined,
    TicketEscalationRaised,
    TicketEscalationResolved,
    TicketEscalationUpdated,
)
from domain.events.ticket import (
    CustomerMessageReceived,
    TicketMergeReverted,
    TicketMovedAway,
    TicketOpened,
    TicketReopened,
    TicketsMerged,
)
from domain.events.ties import (
    DuplicateSuspected,
    TicketSplit,
)
from domain.values import ticket_chain


class Ticket(Course):
    """One conversation, and what makes no sense in it."""

    def decide(self, reported: Recorded[AnyTicketEvent]) -> Iterator[AnyTicketEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            InvalidReport: If *reported* opens the ticket as if the desk had moved it, or makes
                it its own duplicate.
            AlreadyOpened: If *reported* opens the ticket a second time.
            NotOpened: If nobody opened it yet.
            OtherCompany: If *reported* names another company.
            AlreadyMoved: If it is to be moved to the company it is with, or an event of it
                is to be shown in a second ticket.
            AlreadyMerged: If it goes on inside another ticket, and is to be merged or moved.
            AlreadyMade: If a promise, escalation or consultation comes a second time.
            UnknownCommitment: If nobody made the promise that ended.
            UnknownEscalation: If nobody raised the escalation that it is about.
            UnknownConsultation: If nobody asked the question that it is about.
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
            case TicketMovedAway() | TicketsMerged() | TicketMergeReverted() | TicketSplit():
                self._must_be_movable(event)
            case DuplicateSuspected(candidate_ticket_id=candidate):
                if ticket_chain(candidate) == ticket_chain(self.local_id):
                    raise InvalidReport(f"{self.stream_id} is no duplicate of itself")
            case CommitmentMade(commitment_id=promise):
                self._must_be_first(promise, self.commitments, "promise")
            case (
                CommitmentKept(commitment_id=promise)
                | CommitmentBroken(commitment_id=promise)
                | CommitmentWithdrawn(commitment_id=promise)
            ):
                if self._is_unknown(promise, self.commitments):
                    raise UnknownCommitment(f"nobody promised {promise} on {self.stream_id}")
            case TicketEscalationRaised(escalation_id=escalation):
                self._must_be_first(escalation, self.escalations, "escalation")
            case (
                TicketEscalationResolved(escalation_id=escalation)
                | TicketEscalationAccepted(escalation_id=escalation)
                | TicketEscalationDeclined(escalation_id=escalation)
                | TicketEscalationUpdated(escalation_id=escalation)
            ):
                if self._is_unknown(escalation, self.escalations):
                    raise UnknownEscalation(f"nobody raised {escalation} on {self.stream_id}")
            case ConsultationRequested(consultation_id=consultation):
                self._must_be_first(consultation, self.consultations, "consultation")
            case (
                ConsultationAnswered(consultation_id=consultation)
                | ConsultationAccepted(consultation_id=consultation)
                | ConsultationDeclined(consultation_id=consultation)
                | ConsultationClosed(consultation_id=consultation)
            ):
                if self._is_unknown(consultation, self.consultations):
                    raise UnknownConsultation(f"nobody asked {consultation} on {self.stream_id}")
            case _:
                pass

    def _must_be_movable(
        self, event: TicketMovedAway | TicketsMerged | TicketMergeReverted | TicketSplit
    ) -> None:
        match event:
            case TicketMergeReverted(merge_event_id=merge):
                if str(merge) not in self.merges:
                    raise UnknownMerge(f"{self.stream_id} has no merge {merge} to revert")
            case TicketSplit(moved_event_ids=moved):
                if again := self.parted.intersection(map(str, moved)):
                    raise AlreadyMoved(f"{min(again)} went to another ticket by an earlier split")
                if ties := self.ties.intersection(map(str, moved)):
                    raise InvalidReport(
                        f"{min(ties)} says how {self.stream_id} stands to other tickets, and stays "
                        "with it; name what was said and done"
                    )
            case TicketMovedAway(to_company=target):
                self._must_stand_alone()
                if target == self.company_id:
                    raise AlreadyMoved(f"{self.stream_id} is with company {target} already")
            case TicketsMerged(kept_id=kept):
                if ticket_chain(kept) == ticket_chain(self.local_id):
                    raise MergedIntoItself(f"{self.stream_id} cannot be merged into itself")
                self._must_stand_alone()

    def _must_stand_alone(self) -> None:
        if self.merged_into:
            raise AlreadyMerged(
                f"{self.stream_id} goes on inside {self.merged_into}; revert that merge first"
            )

    def _is_unknown(self, owed: str, known: set[str]) -> bool:
        """Say whether something was never begun; a part of a ticket may have brought it along."""
        return owed not in known and not self.is_part

    def _must_be_first(self, id: str, known: set[str], what: str) -> None:
        if id in known:
            raise AlreadyMade(f"the {what} {id} is on {self.stream_id} already")
