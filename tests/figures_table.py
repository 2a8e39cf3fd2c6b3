"""The table of `docs/performance.md`, made from the last full run of `make bench`."""

import json
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path("docs/performance.md")
RESULTS: Final = Path("bench/results.json")
BEGIN: Final = "<!-- figures: written by `make docs` from bench/results.json -->\n"
HEAD: Final = (
    "| | what | ours | baseline | ratio (lowest to highest) | reach |\n|---|---|---|---|---|---|\n"
)
END: Final = "<!-- end of figures -->\n"


def with_figures(root: Path) -> str:
    """Put the figures into the page, between its two marks.

    Raises:
        ValueError: If a mark is missing.
    """
    results = json.loads((root / RESULTS).read_text(encoding="utf-8"))
    before, _, rest = (root / PAGE).read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE} has no place for the figures: {BEGIN.strip()} … {END.strip()}")
    return f"{before}{BEGIN}{_told(results)}\n{_table(results['figures'])}{END}{after}"


def _told(results: dict[str, Any]) -> str:
    """Say on what machine they were taken, and how many are where they should be."""
    machine, sync = results["machine"], results["machine"]["fdatasync_ms"]
    judged = [f["reached"] for f in results["figures"] if f["reached"] is not None]
    kind = "quick run, three rounds" if results["quick"] else "full run, five rounds"
    return (
        f"A {kind}, on {machine['cores']} shared cores (load before: {machine['load_before']}), "
        f"Python {machine['python']}, SQLite {machine['sqlite']}, "
        f"PostgreSQL {machine['postgresql']}, `fdatasync` p50 {sync['p50']:.2f} ms, "
        f"p99 {sync['p99']:.1f} ms: {sum(judged)} of {len(judged)} figures reached.\n"
    )


def _table(figures: list[dict[str, Any]]) -> str:
    return HEAD + "".join(map(_line, figures))


def _line(figure: dict[str, Any]) -> str:
    unit = figure["unit"]
    ours, baseline = (_number(f[0]) if f else "" for f in (figure["ours"], figure["baseline"]))
    low, high = (figure["ratio"] or figure["ours"])[1:]
    spread = f"({_number(low)} to {_number(high)})"
    ratio = f"{_number(figure['ratio'][0])} {spread}" if figure["ratio"] else spread
    reach = figure["reach"] or ""
    if figure["reached"] is False:
        reach += ": **missed**"
    cells = (figure["id"], figure["name"], f"{ours} {unit}", baseline, ratio, reach)
    return f"| {' | '.join(cells)} |\n"


def _number(value: float) -> str:
    """Write three digits that matter, or whole numbers."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
