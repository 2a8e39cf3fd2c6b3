"""Read audit: that somebody looked is on record before the answer leaves.

The events stand in streams of their own, ``reads/<day>:<process>``, outside every company's
timeline.  Looks that happen at once share a commit, as all reports do.
"""

import secrets
from datetime import UTC, datetime

import uuid_utils.compat

from domain.events import Source
from domain.events.reads import TimelineViewed
from services.desk import Desk, Unavailable
from services.security import Identity
from services.wire import Report


class ReadAudit:
    """Writes down what one process let people read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._process = secrets.token_hex(4)

    def viewed(
        self,
        who: Identity,
        company_id: str,
        *,
        ticket_id: str | None = None,
        position: int,
        count: int,
        purpose: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Record that *who* read *count* entries as of *position*.

        Args:
            since: From when on they asked; *until*: until when.

        Raises:
            Unavailable: If it cannot be recorded; then nothing may be shown.
        """
        now = datetime.now(UTC)
        event = TimelineViewed(
            viewer_id=who.name,
            viewed_company_id=company_id,
            ticket_id=ticket_id,
            purpose=purpose,
            from_at=since,
            to_at=until,
            as_of_position=position,
            count=count,
        )
        (receipt,) = self._desk.record(
            [
                Report(
                    event=event,
                    stream_id=f"reads/{now:%Y-%m-%d}:{self._process}",
                    occurred_at=now,
                    actor="system/longcase",
                    source=Source(system="longcase", external_id=str(uuid_utils.compat.uuid7())),
                    visibility="restricted",
                )
            ]
        )
        if receipt.status != "accepted":
            raise Unavailable(f"the read could not be recorded: {receipt.reason}")
