"""The course of a ticket: one conversation between a company and us.

new → open ⇄ on hold → resolved → closed; the last two can be reopened
"""

from typing import Literal
from uuid import UUID

from domain.events.base import CompanyText, Data, Event, Part, PersonText, event, upcaster
from domain.events.continuing import Continues
from domain.values import Code, ContactId, Id, Level, Moment, Number, StreamId, TicketId, UserId

Relation = Literal["duplicate", "parent", "child", "caused_by", "follows", "related"]
WaitingFor = Literal["customer", "vendor", "internal", "unknown"]


class Attachment(Part):
    """A file by reference; its name is text, the bytes lie elsewhere."""

    name: CompanyText
    reference: Code
    media_type: Code | None = None
    size: Number | None = None


class Assignee(Part):
    """Who has the ticket: an agent, a team, both or nobody."""

    agent: UserId | None = None
    team: Code | None = None


class FieldChange(Part):
    """One field of the source that changed, by the source's own name for it."""

    field: Code
    old: Code | None = None
    new: Code | None = None


@event("ticket.opened")
class TicketOpened(Event):
    """Work begins.

    Attributes:
        number: What people call it, where that is not its id.
        continues: Set by the desk, for a ticket that moved here from another company.
    """

    VISIBILITY = "public"
    ABOUT = "requester_id"

    number: Code | None = None
    subject: CompanyText | None = None
    description: PersonText | None = None
    requester_id: ContactId | None = None
    channel: Code | None = None
    priority: Level | None = None
    severity: Level | None = None
    category: Code | None = None
    product_id: Id | None = None
    department: Code | None = None
    installation_ids: tuple[Id, ...] = ()
    continues: Continues | None = None


@event("ticket.classified")
class TicketClassified(Event):
    """Triage, or triage again; what is empty stays as it was.

    Attributes:
        signature: Names a trouble that comes again, such as ``playout/frame-drop``.
        rule_id: The rule that did it, if no person did.
    """

    category: Code | None = None
    severity: Level | None = None
    priority: Level | None = None
    product_id: Id | None = None
    support_line: Code | None = None
    installation_ids: tuple[Id, ...] = ()
    signature: Code | None = None
    rule_id: Code | None = None


@event("ticket.updated")
class TicketUpdated(Event):
    """The source saved the ticket; what changed has no event of its own here.

    `changes` may be empty: sources do save without a visible change, and that a step was
    taken is worth keeping.
    """

    changes: tuple[FieldChange, ...] = ()
    activity: Code | None = None


@event("ticket.assigned")
class TicketAssigned(Event):
    """An agent or a team took the ticket, or was given it."""

    previous: Assignee = Assignee()
    to: Assignee
    handoff_note: CompanyText | None = None


@event("ticket.customer_message_received")
class CustomerMessageReceived(Event):
    """The customer wrote."""

    VISIBILITY = None
    ABOUT = "contact_id"

    contact_id: ContactId | None = None
    body: PersonText
    channel: Code | None = None
    message_id: Code | None = None
    in_reply_to: Code | None = None
    attachments: tuple[Attachment, ...] = ()


@event("ticket.agent_replied")
class AgentReplySent(Event):
    """An agent answered; `seen_position` is what they had read by then."""

    VISIBILITY = None
    ABOUT = "contact_id"

    contact_id: ContactId | None = None
    body: PersonText
    channel: Code | None = None
    message_id: Code | None = None
    in_reply_to: Code | None = None
    seen_position: Number | None = None
    attachments: tuple[Attachment, ...] = ()


@event("ticket.internal_note_added")
class InternalNoteAdded(Event):
    """Somebody of ours wrote something for us alone.

    Attributes:
        restricted_to: Who may read a note of visibility ``restricted``.
    """

    VISIBILITY = None

    note: CompanyText
    mentions: tuple[UserId, ...] = ()
    restricted_to: tuple[UserId, ...] = ()


@event("ticket.put_on_hold", version=2)
class TicketPutOnHold(Event):
    """The ticket waits: for whom, and until when, as far as it is known."""

    VISIBILITY = "public"

    waiting_for: WaitingFor
    until: Moment | None = None
    reason: CompanyText | None = None


@upcaster("ticket.put_on_hold", 1)
def put_on_hold_1(data: Data) -> Data:
    """Version 1 left `waiting_for` empty where the source did not say; 2 calls that unknown."""
    return {**data, "waiting_for": data.get("waiting_for") or "unknown"}


@event("ticket.resumed")
class TicketResumed(Event):
    """The wait is over."""

    VISIBILITY = "public"


@event("ticket.resolved")
class TicketResolved(Event):
    """The problem is solved, as we see it."""

    VISIBILITY = "public"

    resolution_code: Code | None = None
    root_cause: CompanyText | None = None
    confirmed_by: ContactId | None = None
    resolved_by: UserId | None = None


@event("ticket.reopened")
class TicketReopened(Event):
    """It was not over."""

    VISIBILITY = "public"

    reason: CompanyText | None = None


@event("ticket.closed")
class TicketClosed(Event):
    """Nobody expects anything more."""

    VISIBILITY = "public"

    reason: CompanyText | None = None
    resolution_code: Code | None = None


@event("ticket.reporter_joined")
class ReporterJoined(Event):
    """Another person has the same issue."""

    VISIBILITY = "public"

    contact_id: ContactId
    interaction_id: Id | None = None


@event("ticket.merged")
class TicketsMerged(Event):
    """This ticket goes on inside another one; recorded on the absorbed ticket."""

    kept_id: TicketId
    reason: CompanyText | None = None


@event("ticket.merge_reverted")
class TicketMergeReverted(Event):
    """The merge is undone; both tickets hold their own again."""

    merge_event_id: UUID
    reason: CompanyText | None = None


@event("ticket.linked")
class TicketLinked(Event):
    """The ticket has to do with another record, of ours or of the source.

    Attributes:
        system: Whose record it is, if not ours.
    """

    other_ticket_id: TicketId
    relation: Relation
    system: Code | None = None


@event("ticket.moved_away")
class TicketMovedAway(Event):
    """The ticket was filed under the wrong company and goes on under another.

    The publisher says where to; the desk names the new stream.

    Attributes:
        to_company: A company id, or a reference such as ``domain=acme.com``.
        to_stream_id: Set by the desk.
    """

    to_company: Code
    to_stream_id: StreamId | None = None
    reason: CompanyText | None = None


AnyCourseEvent = (
    TicketOpened
    | TicketClassified
    | TicketUpdated
    | TicketAssigned
    | CustomerMessageReceived
    | AgentReplySent
    | InternalNoteAdded
    | TicketPutOnHold
    | TicketResumed
    | TicketResolved
    | TicketReopened
    | TicketClosed
    | ReporterJoined
    | TicketsMerged
    | TicketMergeReverted
    | TicketLinked
    | TicketMovedAway
)
