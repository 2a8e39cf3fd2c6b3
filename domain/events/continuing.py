"""What a ticket brings along that moved here from another company."""

from domain.events.base import Part
from domain.values import Id, Moment, Number, StreamId, TicketId


class Counts(Part):
    """What a continued ticket had already seen in its earlier streams."""

    events: Number = 0
    customer_messages: Number = 0
    agent_replies: Number = 0
    reopened: Number = 0


class Continues(Part):
    """The ticket came from another company's stream; the chain counts as one ticket."""

    stream_id: StreamId
    chain_id: TicketId
    first_opened_at: Moment
    counts: Counts = Counts()
    commitment_ids: tuple[Id, ...] = ()
    """Promises made before, which can be kept or broken in this stream."""
    escalation_ids: tuple[Id, ...] = ()
    """Escalations raised before, which can be resolved here."""
    consultation_ids: tuple[Id, ...] = ()
    """Questions asked before, which can be answered here."""
