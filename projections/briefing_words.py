"""The words of a card: a line with its events, lengths of time, and what is not known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from projections.phrases import listed

NOT_KNOWN: Final = "not known"
BETWEEN: Final = " · "

DAY: Final = 86_400
HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a card.

    Attributes:
        name: Which one it is.
        text: What it says, with slots for names.
        events: The ids of the events that tell it; none where nothing is known.
    """

    name: str
    text: str
    events: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, Any]:
        """Write it as it is answered."""
        return {"name": self.name, "text": self.text, "events": list(self.events)}


def line(name: str, parts: Iterable[str | None], events: Iterable[str | None]) -> Line:
    """Join what is known to a line; what is not stands there as such."""
    told = listed((part or "" for part in parts), most=20, between=BETWEEN)
    known = tuple(dict.fromkeys(event for event in events if event))
    return Line(name, told or NOT_KNOWN, known)


def moment_of(text: str) -> datetime:
    """Read a time out of a document."""
    return datetime.fromisoformat(text)


def long(since: str | None, until: datetime) -> str:
    """Say how long something has lasted, to the hour from a day on: ``6 d 4 h``."""
    if since is None:
        return NOT_KNOWN
    return length((until - moment_of(since)).total_seconds())


def length(seconds: float) -> str:
    """Say a length of time in its two largest units."""
    minutes = max(0, int(seconds)) // 60
    days, hours = int(seconds) // DAY, int(seconds) % DAY // HOUR
    if days > 0:
        return f"{days:,} d {hours} h" if hours else f"{days:,} d"
    if minutes >= HOUR // 60:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min"
