"""What answers look like, for ``/openapi.json``: the answers themselves are written elsewhere.

A test holds real answers against these.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.values import Moment, Visibility
from projections.ticket_record import Status

Name = str | None


class Shape(BaseModel):
    """An answer with just these members."""

    model_config = ConfigDict(extra="forbid")


class Receipt(Shape):
    """What became of one report."""

    status: Literal["accepted", "duplicate", "refused"]
    stream_id: str = Field(examples=["ticket/TCK-1182"])
    position: int | None = Field(None, description="of its first event")
    last_position: int | None = Field(None, description="of its last event: what wait_for takes")
    stream_version: int | None = None
    event_id: str | None = None
    company_id: str | None = Field(None, description="whose it is; `unassigned`: nobody knows")
    code: str | None = Field(None, description="why it is refused", examples=["already-opened"])
    reason: str | None = None
    current_version: int | None = None
    already_known: bool | None = Field(None, description="of a question: it was on file already")
    known: dict[str, Any] | None = Field(None, description="the fact that answers it")


class Receipts(Shape):
    """A receipt for each event of a batch, in order."""

    receipts: list[Receipt]


class Feed(Shape):
    """A page of the log."""

    class Event(Shape):
        """A stored event and its place."""

        position: int
        company_seq: int | None
        stream_version: int
        late: bool
        document: dict[str, Any] = Field(description="the stored document, or a stub of it")

    events: list[Event]
    next: int = Field(description="what to send as `after` to go on")
    head: int = Field(description="the last position of the log")


class Company(Shape):
    """A company; a customer's key sees the first three members."""

    company_id: str
    name: Name
    kind: Name
    contact_id: Name = Field(None, description="of a company that is one person")
    tier: Name = None
    registered_at: Moment | None = None
    events: int | None = None
    tickets: int | None = None
    last_event_at: Moment | None = None
    merged_into: Name = Field(None, description="the company this record goes on as")
    matched: Name = Field(None, description="by what a search found it")


class Companies(Shape):
    """Companies, best match first."""

    companies: list[Company]


class TicketSummary(Shape):
    """A ticket in a list."""

    ticket_id: str
    chain_id: str
    company_id: Name
    number: Name
    subject: Name
    status: Status
    waiting_for: Name
    requester_id: Name
    reporters: list[str]
    channel: Name
    severity: int | None
    priority: int | None
    category: Name
    product_id: Name
    assignee: dict[str, Name]
    opened_at: Moment | None
    last_event_at: Moment | None
    resolved_at: Moment | None
    resolution_code: Name
    root_cause: Name
    counts: dict[str, int]
    merged_into: Name
    absorbed: list[str] = Field([], description="tickets that go on inside this one")
    moved_to: Name


class Tickets(Shape):
    """A page of a company's tickets."""

    tickets: list[TicketSummary]
    total: int
    next: Name = Field(description="where the next page is")


class Ticket(TicketSummary):
    """A ticket as it stands."""

    model_config = ConfigDict(extra="allow")

    steps: list[dict[str, Any]]
    promises: list[dict[str, Any]]
    facts_asked: list[dict[str, Any]]
    consultations: list[dict[str, Any]]
    escalations: list[dict[str, Any]]
    milestones: list[dict[str, Any]]
    suspected: list[dict[str, Any]]
    split_into: list[dict[str, Any]]
    links: list[dict[str, Any]]
    fields: dict[str, Name] = Field(description="the source's own fields, last values")


class Valued(Shape):
    """What a company was worth when something happened; `text` says so if it is not known."""

    arr: str | None = Field(description="annual recurring revenue")
    ltv: str | None = Field(description="lifetime value")
    currency: Name
    valid_from: Name = Field(description="the day from which that held")
    origin: Name = Field(description="who says so", examples=["crm"])
    at: Moment | None = Field(description="when it was said")
    event_id: Name = Field(description="the event that says so")
    text: str = Field(examples=["ARR EUR 480,000, from 2026-01-01, as crm says", "not known"])


class Entry(Shape):
    """One entry of a timeline; a customer's has `public_seq` for the first two members."""

    position: int | None = None
    company_seq: int | None = None
    public_seq: int | None = None
    cursor: str
    event_id: str
    type: str = Field(examples=["ticket.agent_replied"])
    occurred_at: Moment
    recorded_at: Moment
    late: bool
    actor: str = Field(examples=["agent/mia"])
    company_id: str
    ticket_id: Name
    contact_id: Name
    channel: Name
    department: Name
    visibility: Visibility
    text: str = Field(description="one plain line that a person can read")
    data: dict[str, Any]
    context: Valued | None = Field(None, description="only where it is asked for")


class Page(Shape):
    """A page of a timeline."""

    entries: list[Entry]
    next: Name = Field(description="cursor of the page after this one")
    prev: Name = Field(description="cursor of the page before this one")
    position: int | None = Field(description="the head of the log that this pass sees")
    stale: bool = Field(False, description="the position waited for has not come in time")


class Step(Shape):
    """One step of a replay."""

    step: int
    position: int | None
    event: dict[str, Any]
    state: dict[str, Any]
    others: list[dict[str, Any]] = Field([], description="the states of the ticket's other streams")
    whole: dict[str, Any] | None = Field(None, description="with `others`: the state of them all")


class Steps(Shape):
    """Some steps of a replay."""

    steps: list[Step]
    total: int
    position: int | None = Field(description="the last position the replay knows of")
    next: Name = Field(description="where the steps that follow are")


class Difference(Shape):
    """What changed between two instants."""

    steps: list[int] = Field(description="how many steps there were at each")
    positions: list[int | None]
    words: list[str]
    changes: list[dict[str, Any]]
    before: dict[str, Any]
    after: dict[str, Any]


class Alive(Shape):
    """The process answers."""

    status: Literal["alive"]


class Ready(Shape):
    """Whether this process can serve."""

    ready: bool
    checks: dict[str, str] = Field(
        description="of the store, each projection, the relay, the inbox and the watcher: ok, "
        "behind, or its state"
    )


class Projections(Shape):
    """How far the projections are."""

    class Projection(Shape):
        """One projection."""

        name: str
        version: int
        generation: int
        position: int
        head_position: int
        lag_events: int
        lag_seconds: float
        eta_seconds: float | None
        events_per_second: float
        instances: int
        parked: int
        strays: int
        state: str
        reason: str

    class Relay(Shape):
        """What brings events to Kafka."""

        state: str
        reason: str
        instance: str | None
        held_by: str | None
        position: int
        head_position: int
        lag_events: int
        lag_seconds: float
        events_per_second: float
        eta_seconds: float | None
        beat_seconds: float | None
        topics: list[dict[str, Any]]

    class Watchers(Shape):
        """What records what follows."""

        state: str
        reason: str
        held_by: str | None
        position: int | None = Field(description="null while none ever began")
        head_position: int
        lag_events: int
        lag_seconds: float
        failed: int = Field(description="events that could not be looked at")
        watchers: list[dict[str, Any]]

    projections: list[Projection]
    relay: Relay | None = Field(description="null where nothing travels over Kafka")
    watcher: Watchers


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: Literal["about:blank"]
    title: str = Field(examples=["Not Found"])
    status: int
    detail: str
    code: str = Field(description="a stable name", examples=["not-found"])
