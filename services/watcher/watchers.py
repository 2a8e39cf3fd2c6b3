"""A watcher: from an event, and what can be read by then, to what is to be recorded of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from domain.events import Event, Logged, Source
from domain.values import Visibility
from projections.projection import Projection
from services.readmodel import ReadModels
from services.store import Log
from services.wire import OURS, Report


class Finding(NamedTuple):
    """What a watcher found.

    Attributes:
        subject: What it is about, so that two findings of one event are told apart.
        visibility: Who may see it; ``None``: as such events are by themselves.
    """

    subject: str
    stream_id: str
    event: Event
    visibility: Visibility | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What a watcher may read: the log, and read models that have folded its event."""

    log: Log
    models: ReadModels


@dataclass(frozen=True, slots=True)
class Watcher:
    """Looks at events of some types, live ones alone, in recorded order.

    Attributes:
        name: Stands in the id of all that it records, and so never changes.
        policy: Raised when the same event may lead to something else.
        triggers: Stored names of the events that it looks at.
        reads: Projections that must have folded an event before it looks.
        look: Says what follows; it records nothing itself, so it may be asked twice.
    """

    name: str
    policy: int
    triggers: frozenset[str]
    reads: tuple[Projection, ...]
    look: Callable[[Logged, Sight], Iterable[Finding]]

    def report(self, trigger: Logged, found: Finding) -> Report:
        """Report a finding, under an id that it has whenever it is found again.

        It shares the time of its trigger: what is reported next is not late because of it.
        """
        cause = trigger.event
        external_id = f"{self.name}/{self.policy}/{found.subject}/{cause.event_id}"
        return Report(
            event=found.event,
            stream_id=found.stream_id,
            occurred_at=cause.occurred_at,
            actor=f"system/{self.name}-watcher",
            source=Source(system=OURS, external_id=external_id),
            visibility=found.visibility or found.event.VISIBILITY or cause.visibility,
            correlation_id=cause.correlation_id,
            causation_id=str(cause.event_id),
        )
