"""What changed in a ticket between two instants of its replay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from domain.events import Logged
from domain.values import Reader, everything, micros, ticket_chain
from projections.changes import Change, changes, in_words
from projections.replay import state_at, visible
from projections.ticket_streams import WHOLE, Parts

Clock = Literal["happened", "recorded"]
Instant = datetime | int
"""A time on the clock that is asked, or a position."""

EVERYTHING: Final = everything()


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two instants.

    Attributes:
        steps: How many steps there were at each.
        positions: The largest position known at each; ``None`` for a customer.
        before: The whole state at the first instant; `after` at the second.
        changes: The difference as data, which `apply` of `projections.changes` applies.
        words: The same in sentences.
    """

    steps: tuple[int, int]
    positions: tuple[int | None, int | None]
    before: dict[str, Any]
    after: dict[str, Any]
    changes: list[Change]
    words: list[str]


def difference(
    events: Iterable[Logged],
    start: Instant,
    end: Instant,
    clock: Clock = "happened",
    reader: Reader = EVERYTHING,
    *,
    ticket_id: str | None = None,
    parts: Parts = WHOLE,
) -> Difference:
    """Say what changed in one ticket between two instants on a clock, or two positions.

    Before its own first event there is no ticket, whatever else goes on inside it by now.
    """
    first, second = _sides(visible(events, reader), start, end, clock)
    sides = _begun(first, ticket_id), _begun(second, ticket_id)
    before, after = (state_at(side, len(side), reader, ticket_id, parts) for side in sides)
    return _difference(sides, reader, before, after, in_words(before, after))


def not_in_order(start: Instant, end: Instant, names: tuple[str, str]) -> str | None:
    """Say what is wrong with the two ends of a comparison; ``None`` if nothing is.

    Args:
        names: What the one who asks calls them.
    """
    first, last = names
    match start, end:
        case int(), int():
            is_later = start > end
        case datetime(), datetime():
            is_later = start > end
        case _:
            return f"{first} and {last} are two times or two positions; here is one of each"
    return f"{first} is later than {last}; give the earlier one as {first}" if is_later else None


def until(events: Iterable[Logged], instant: Instant, clock: Clock = "happened") -> list[Logged]:
    """Keep what lies within *instant*: a position, or a time by which it happened, or was known."""
    if isinstance(instant, int):
        return [logged for logged in events if logged.position <= instant]
    moment = micros(instant)
    if clock == "recorded":
        return [logged for logged in events if logged.committed_at <= moment]
    return [logged for logged in events if logged.happened[0] <= moment]


def _sides(
    events: Iterable[Logged], start: Instant, end: Instant, clock: Clock
) -> tuple[list[Logged], list[Logged]]:
    known = list(events)
    return until(known, start, clock), until(known, end, clock)


def _begun(side: list[Logged], ticket_id: str | None) -> list[Logged]:
    own = (ticket_chain(logged.event.local_id) == ticket_id for logged in side)
    return side if ticket_id is None or any(own) else []


def _difference(
    sides: tuple[list[Logged], list[Logged]],
    reader: Reader,
    before: dict[str, Any],
    after: dict[str, Any],
    words: list[str],
) -> Difference:
    first, second = (
        None if reader.public_only else max((logged.position for logged in side), default=0)
        for side in sides
    )
    return Difference(
        steps=(len(sides[0]), len(sides[1])),
        positions=(first, second),
        before=before,
        after=after,
        changes=changes(before, after),
        words=words,
    )
