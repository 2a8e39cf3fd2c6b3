"""What the desk answers: one receipt for each report."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from domain.errors import Refused, WrongVersion


class Unavailable(Exception):
    """The store cannot be written now; a repeat finds out whether anything was recorded."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one report.

    Attributes:
        position: Of its first event; for a duplicate, that of the first time.
        last_position: Of its last event: what a reader waits for.
        stream_id: Where it was recorded; a moved ticket's report stands in its last link.
        company_id: Of an accepted one, whose it is; ``unassigned`` if nobody knows.
        code: The refusal's stable name.
        current_version: After a wrong expected version, the one the stream is at.
    """

    status: Literal["accepted", "duplicate", "refused"]
    stream_id: str
    position: int | None = None
    last_position: int | None = None
    stream_version: int | None = None
    event_id: UUID | None = None
    company_id: str | None = None
    code: str | None = None
    reason: str | None = None
    current_version: int | None = None


def refused(stream_id: str, refusal: Refused) -> Receipt:
    """Write the receipt of a refusal."""
    current = refusal.current if isinstance(refusal, WrongVersion) else None
    return Receipt(
        "refused", stream_id, code=refusal.code, reason=str(refusal), current_version=current
    )
