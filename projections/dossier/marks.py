"""What an entry says of the event that told it, and an event's own fields as JSON."""

from typing import Any, NamedTuple

from domain.events import Recorded
from domain.events.base import Part
from domain.values import rfc3339


class Mark(NamedTuple):
    """The event that told something.

    Attributes:
        at: When it happened.
        system: Who reported it.
    """

    at: str
    event_id: str
    position: int
    actor: str
    system: str

    @classmethod
    def of(cls, recorded: Recorded[Any], position: int) -> "Mark":
        """Mark what *recorded*, at its position, tells."""
        at, event_id = rfc3339(recorded.occurred_at), str(recorded.event_id)
        return cls(at, event_id, position, recorded.actor, recorded.source.system)

    @property
    def entry(self) -> dict[str, Any]:
        """Begin an entry with it."""
        return {"at": self.at, "event_id": self.event_id}

    @property
    def day(self) -> str:
        """The day on which it happened, in UTC."""
        return self.at[:10]


def plain(part: Part) -> dict[str, Any]:
    """Write the fields of an event, or of a part of one, as JSON values."""
    return part.model_dump(mode="json")


def given(part: Part) -> dict[str, Any]:
    """Write those of its fields that say something."""
    return {name: value for name, value in plain(part).items() if value not in (None, [], "")}
