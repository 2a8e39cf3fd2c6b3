"""Ours and the baseline, one after the other, round by round, so that noise hits both."""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Self

Work = Callable[[], int]
"""Does some work and returns how many things it did."""

Prepare = Callable[[], Work]
"""Makes ready, untimed, for one round."""

DIGITS: Final = 4
"""Significant digits that the results keep; the machine gives fewer."""


class Spread(NamedTuple):
    """What several rounds gave: the one in the middle, the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Sum up the figures of all rounds."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1])

    def json(self) -> list[float]:
        """Write median, low and high."""
        return [float(f"{value:.{DIGITS}g}") for value in self]


class Reach(NamedTuple):
    """Where a figure should be."""

    limit: float
    sign: Literal["≥", "≤"]
    of: Literal["ratio", "ours"] = "ratio"

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}" + ("" if self.of == "ratio" else " (ours)")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        ratio: Ours ÷ baseline, of each round.
        hint: Where the time goes, for those who see it missed.
    """

    id: str
    name: str
    unit: str
    ours: Spread
    baseline: Spread | None = None
    ratio: Spread | None = None
    reach: Reach | None = None
    hint: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the figure is where it should be; ``None`` if nothing was set."""
        if self.reach is None:
            return None
        found = self.ratio if self.reach.of == "ratio" else self.ours
        if found is None:
            return None
        enough = found.median >= self.reach.limit
        return enough if self.reach.sign == "≥" else found.median <= self.reach.limit

    def json(self) -> dict[str, Any]:
        """Write the figure for the results file; each spread as median, low, high."""
        return {
            "id": self.id,
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours.json(),
            "baseline": self.baseline and self.baseline.json(),
            "ratio": self.ratio and self.ratio.json(),
            "reach": self.reach and str(self.reach),
            "reached": self.reached,
        }


def at_least(limit: float) -> Reach:
    """Reach a ratio: ours does so many times what the baseline does, or more."""
    return Reach(limit, "≥")


def at_most(limit: float) -> Reach:
    """Keep to a ratio: ours costs so many times what the baseline costs, or less."""
    return Reach(limit, "≤")


def within(limit: float) -> Reach:
    """Keep to a figure of ours, whatever stands beside it."""
    return Reach(limit, "≤", "ours")


def rate(work: Work) -> float:
    """Time *work* once: things a second."""
    seconds, count = _timed(work)
    return count / seconds


def cost(work: Work) -> float:
    """Time *work* once: microseconds for each thing."""
    seconds, count = _timed(work)
    return seconds * 1e6 / count


def compare(
    id: str,
    name: str,
    ours: Prepare,
    baseline: Prepare,
    *,
    rounds: int,
    reach: Reach | None,
    unit: str = "events/s",
    by: Callable[[Work], float] = rate,
    hint: str = "",
) -> Figure:
    """Measure *ours* beside *baseline*, who goes first changing from round to round."""
    mine, theirs = interleaved((ours, baseline), rounds=rounds, by=by)
    return beside(id, name, mine, theirs, reach=reach, unit=unit, hint=hint)


def interleaved(
    works: Sequence[Prepare], *, rounds: int, by: Callable[[Work], float]
) -> list[list[float]]:
    """Measure several works in turn, round by round; return the figures of each."""
    found: list[list[float]] = [[] for _ in works]
    for turn in range(rounds):
        order = list(range(len(works)))
        for index in order if turn % 2 == 0 else reversed(order):
            found[index].append(by(works[index]()))
    return found


def beside(
    id: str,
    name: str,
    mine: Sequence[float],
    theirs: Sequence[float],
    *,
    reach: Reach | None,
    unit: str,
    hint: str = "",
) -> Figure:
    """Set figures that were measured in turn beside each other."""
    ratios = [m / t for m, t in zip(mine, theirs, strict=True)]
    spreads = (Spread.of(mine), Spread.of(theirs), Spread.of(ratios))
    return Figure(id, name, unit, *spreads, reach, hint)


def alone(
    id: str, name: str, figures: Iterable[float], *, unit: str, reach: Reach | None = None,
    hint: str = "",
) -> Figure:  # fmt: skip
    """Set down what was measured where nothing honest stands beside it."""
    return Figure(id, name, unit, Spread.of(figures), reach=reach, hint=hint)


def _timed(work: Work) -> tuple[float, int]:
    gc.collect()  # what was made ready before is not this work's to clear away
    started = time.perf_counter()
    count = work()
    return time.perf_counter() - started, count
