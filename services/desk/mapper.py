"""An event as the library stores it: the bytes that go all the way."""

from typing import Any

from eventsourcing.persistence import Mapper, StoredEvent

from domain.aggregate import Decided
from domain.events import decode
from services.desk.documents import encoded


class EventMapper(Mapper[str]):
    """Writes an event as the bytes that go all the way, and reads it back.

    The topic is the event's stored name, looked up in the closed registry: a name that is
    stored is never imported.
    """

    def __init__(self) -> None:
        """Take no transcoder: the document is its own."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Encode an event.

        Raises:
            TooLarge: If it is larger than 256 KiB.
        """
        event = domain_event.event
        return StoredEvent(
            domain_event.originator_id, domain_event.originator_version, event.type, encoded(event)
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Decode an event, of whatever version, its text still sealed."""
        return Decided(
            str(stored_event.originator_id),
            stored_event.originator_version,
            decode(stored_event.topic, stored_event.state),
        )
