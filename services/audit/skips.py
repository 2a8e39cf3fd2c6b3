"""Leaving an event out of a projection: on record, decided once, kept by every rebuild."""

from datetime import UTC, datetime

import uuid_utils.compat

from domain.events import Source
from domain.events.reads import EventSkipped
from projections.projection import Projection
from services.decisions import Decisions
from services.desk import Desk, Unavailable
from services.parking import Parked
from services.wire import OURS, Report


class Skips:
    """Lets operators leave parked events out."""

    def __init__(self, desk: Desk, decisions: Decisions) -> None:
        self._desk = desk
        self._decisions = decisions

    def leave_out(self, projection: Projection, parked: Parked, reason: str, who: str) -> None:
        """Decide that *projection* goes on without a parked event.

        It is written for the auditor first: a crash in between leaves a record too many.

        Raises:
            Unavailable: If it cannot be put on record; then nothing is decided.
        """
        now = datetime.now(UTC)
        skipped = EventSkipped(
            operator_id=who,
            projection=projection.name,
            skipped_position=parked.position,
            skipped_type=parked.type,
            reason=reason,
        )
        [receipt] = self._desk.record(
            [
                Report(
                    event=skipped,
                    stream_id=f"reads/{now:%Y-%m-%d}:operator",
                    occurred_at=now,
                    actor="system/longcase",
                    source=Source(system=OURS, external_id=str(uuid_utils.compat.uuid7())),
                    visibility="restricted",
                )
            ]
        )
        if receipt.status != "accepted":
            raise Unavailable(f"the skip could not be put on record: {receipt.reason}")
        self._decisions.skip(projection.name, parked.position, reason, who)
