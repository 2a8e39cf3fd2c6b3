"""The table on the screen, and the results file."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.harness import Figure, Spread

NAME: Final = 58
"""Characters of the longest name."""

HEAD: Final = (
    f"{'':4} {'what':{NAME}} {'ours':>10} {'baseline':>10} {'unit':9}"
    f" {'ratio':>6} {'(min to max)':16} reach"
)


def line(figure: Figure) -> str:
    """Write one figure for people; a missed one with a hint."""
    mark = {None: "", True: "ok", False: "MISSED"}[figure.reached]
    text = (
        f"{figure.id:4} {figure.name:{NAME}} {_short(figure.ours):>10} "
        f"{_short(figure.baseline):>10} {figure.unit:9} {_ratio(figure):23} "
        f"{_told(figure):12} {mark}"
    ).rstrip()
    if figure.reached is False and figure.hint:
        text += f"\n{'':5}{figure.hint}"
    return text


def summary(figures: Sequence[Figure]) -> str:
    """Count what was reached."""
    judged = [figure for figure in figures if figure.reached is not None]
    missed = sorted({figure.id for figure in judged if not figure.reached}, key=_number)
    told = f"{len(judged) - sum(not f.reached for f in judged)} of {len(judged)} figures reached"
    return told + (f"; missed: {', '.join(missed)}" if missed else "")


def write(path: Path, facts: dict[str, Any], figures: Iterable[Figure]) -> None:
    """Write the results: median, low and high of everything, over the rounds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {**facts, "figures": [figure.json() for figure in figures]}
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def replace(path: Path, figures: Sequence[Figure]) -> None:
    """Put figures that were measured again in the place of those of the same ids."""
    found, again = json.loads(path.read_text()), {figure.id for figure in figures}
    kept = [one for one in found["figures"] if one["id"] not in again]
    every = [*kept, *(figure.json() for figure in figures)]
    found["figures"] = sorted(every, key=lambda one: _number(one["id"]))
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def _told(figure: Figure) -> str:
    return "" if figure.reach is None else str(figure.reach)


def _ratio(figure: Figure) -> str:
    if figure.ratio is None:
        low, high = _number_of(figure.ours.low), _number_of(figure.ours.high)
        return f"{'':6} ({low} to {high})"
    ratio = figure.ratio
    return f"{ratio.median:>6.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _short(spread: Spread | None) -> str:
    return "" if spread is None else _number_of(spread.median)


def _number_of(value: float) -> str:
    """Write three digits that matter, or whole thousands."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _number(id: str) -> int:
    return int(id.removeprefix("P"))
