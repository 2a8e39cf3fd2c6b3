"""Finding one event by its id, without an index: the id carries a time, and so does the log.

An event is recorded within moments of its id being made, and the recorded clock never falls.  So
the time of the id leads to a place in the log, and the event stands near it: before it, as a
batch is recorded under the time at which it began; or behind it, where the clocks of several
machines differ.
"""

from typing import Final
from uuid import UUID

from services.store import Log, Row

TIMED: Final = 7
"""The version of a UUID whose first 48 bits are milliseconds since 1970."""

PART: Final = 500
BEFORE, BEHIND = 4_000, 2_000
"""Events that are looked at, on either side of the place to which the time leads."""


def find_event(log: Log, event_id: UUID) -> Row | None:
    """Find the event with this id; ``None`` if there is none near the time of the id."""
    if event_id.version != TIMED:
        return None
    made = (event_id.int >> 80) * 1_000
    near = log.position_at(made + 1_000)  # it was made before that millisecond was over
    begins = b'{"event_id":"%b"' % str(event_id).encode()
    before = range(near - PART, near - BEFORE - PART, -PART)
    for after in (*before, *range(near, near + BEHIND, PART)):
        rows = log.after(max(0, after), PART) if after > -PART else []
        for row in rows:
            if row.state[: len(begins)] == begins:
                return row
    return None
