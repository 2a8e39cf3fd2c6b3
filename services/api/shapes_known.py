"""What answers look like that say what is known of a ticket: beside `services.api.shapes`."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from domain.values import Moment
from services.api.shapes import Name, Shape, Ticket


class Configuration(Shape):
    """An installation as it was set at a moment."""

    installation_id: str
    product_id: Name
    version: Name
    environment: Name
    retired_at: Moment | None
    settings: dict[str, str]
    event_ids: list[str] = Field(description="what it is known from")
    learned_later: list[str] = Field(description="events recorded after the ticket was opened")
    withheld: list[str] = Field(description="events that this key may not read")


class Installations(Shape):
    """What runs where at a company."""

    installations: list[Configuration]


class Configured(Shape):
    """An installation at a ticket's opening, and what changed in it since."""

    installation_id: str
    at_opening: Configuration
    changed_since: list[dict[str, Any]]


class KnownTicket(Ticket):
    """A ticket as it stands or stood, and what was so around it."""

    configurations: list[Configured]


class Turn(Shape):
    """Whose turn it is, and by which events that is known."""

    who: Literal["us", "customer", "vendor", "nobody", "unknown"]
    why: str
    event_ids: list[str]


class Questions(Shape):
    """What waits for an answer, and whose."""

    to_us: list[dict[str, Any]]
    to_customer: list[dict[str, Any]]
    to_colleagues: list[dict[str, Any]]


class Handoff(Shape):
    """The brief for whoever takes a ticket over."""

    model_config = ConfigDict(extra="allow")

    ticket_id: str
    status: str
    step: int
    steps: int
    position: int
    at: Moment
    requester_id: Name
    reporters: list[str] = Field(description="who joined with the same trouble")
    turn: Turn
    has_it: dict[str, Any]
    tried: list[dict[str, Any]]
    promises: list[dict[str, Any]] = Field(description="those that are open, or past their time")
    questions: Questions
    escalations: list[dict[str, Any]]
    milestones: list[dict[str, Any]]
    worked: list[dict[str, Any]]


class WhoKnew(Shape):
    """What was known before an event, to an agent, the newest first."""

    event: dict[str, Any]
    agent: str
    rights: dict[str, Any] = Field(
        description="those of today; `assumed` where no key has the name"
    )
    clock: Literal["happened", "recorded"]
    seen_position: int | None = Field(description="what the reply says its writer had seen")
    counts: dict[str, int]
    entries: list[dict[str, Any]]
    total: int
    position: int
    next: Name = Field(description="where the entries before these are")


class Promises(Shape):
    """What was promised to a company, and what came of it."""

    at: Moment
    promises: list[dict[str, Any]]
    counts: dict[str, int]
    kept_late: int
    by: dict[str, dict[str, int]] = Field(description="the same counts by who promised")


class Known(Shape):
    """The fact that answers a question."""

    event_id: str
    position: int
    learned_from: Name
    value: Name
    redacted: bool


class OnFile(Shape):
    """Whether what one is about to ask is on file already."""

    fact_key: str
    already_known: bool
    known: Known | None


class Asked(Shape):
    """What a company was asked for."""

    questions: list[dict[str, Any]]
    asked: int
    asked_again: int
    rate: float | None = Field(description="null where nothing was asked")


class Duplicate(Shape):
    """Two tickets that may be about one trouble."""

    class Signal(Shape):
        """What speaks for it."""

        name: str
        weight: int | None = Field(description="what it adds to the score")

    ticket_id: str
    candidate_ticket_id: str = Field(description="the one it may be a duplicate of")
    state: Literal["suspected", "dismissed", "found"]
    score: int | None = Field(description="of 100; null where the candidate is restricted")
    signals: list[Signal]
    shared: list[str] = Field(description="words and error codes of both, where found now")
    at: Moment | None
    by: Name = Field(description="who dismissed it")
    reason: Name
    event_ids: list[str]
    ticket: dict[str, Any]
    candidate: dict[str, Any] = Field(description="its id alone, where it is out of reach")


class Duplicates(Shape):
    """Suspicions, the surest first."""

    duplicates: list[Duplicate]
    position: int
