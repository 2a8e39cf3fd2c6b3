"""Who knew what when: of each entry, what it was to an agent at the moment of an event.

*Had occurred* is of the happened clock, *was known* of the recorded one: the order of both is
that of the fold, so an entry at the event's own time counts by its position.
"""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from domain.events import Logged
from domain.values import Reader, rfc3339
from projections.redaction import is_closed

Sight = Literal["full", "redacted", "none"]


class Cut(NamedTuple):
    """The moment of an event.

    Attributes:
        happened: When it happened, RFC 3339, and its position.
        seen: The position up to which the agent was shown the ticket; ``None`` if unsaid.
    """

    happened: tuple[str, int]
    seen: int | None = None

    @property
    def position(self) -> int:
        """Its place in the log."""
        return self.happened[1]


def had_occurred(cut: Cut, happened: tuple[str, int]) -> bool:
    """Say whether something happened before the event did."""
    return happened < cut.happened


def was_known(cut: Cut, happened: tuple[str, int]) -> bool:
    """Say whether something was recorded before the event was."""
    return happened[1] < cut.position


def sight(reader: Reader, logged: Logged) -> Sight:
    """Say how much *reader*, an agent, could see of an entry once it was recorded."""
    return "redacted" if is_closed(reader, logged.event) else "full"


def judged(cut: Cut, logged: Logged, agent: str, reader: Reader) -> dict[str, Any]:
    """Say what an entry was to *agent*, whose rights are those of *reader*, at the cut."""
    happened = rfc3339(logged.event.occurred_at), logged.position
    occurred, known = had_occurred(cut, happened), was_known(cut, happened)
    return {
        "had_occurred": occurred,
        "was_known": known,
        "learned_later": occurred and not known,
        "could_see": sight(reader, logged) if known else "none",
        "shown": None if cut.seen is None else known and logged.position <= cut.seen,
        "own": logged.event.actor == f"agent/{agent}",
    }


def counted(cut: Cut, places: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Count what had occurred, what was known, and what was learned later."""
    occurred = known = both = 0
    for happened in places:
        happens, knows = had_occurred(cut, happened), was_known(cut, happened)
        occurred, known, both = occurred + happens, known + knows, both + (happens and knows)
    return {"had_occurred": occurred, "was_known": known, "learned_later": occurred - both}
