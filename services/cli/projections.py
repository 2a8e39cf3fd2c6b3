"""`longcase projections`: how far the read models are, build them anew, compare them."""

from typing import TYPE_CHECKING, Any, Final

from cyclopts import App

from services.cli import local
from services.cli.errors import FAILED, OK, Usage
from services.cli.progress import progress
from services.cli.show import TEXT, Columns, Output, document, line, note, table

if TYPE_CHECKING:
    from projections.projection import Projection

projections = App(name="projections", help="The read models: how far they are, rebuild, verify.")

COLUMNS: Final[Columns] = {
    "Name": lambda p: p["name"],
    "Position": lambda p: str(p["position"]),
    "Head": lambda p: str(p["head_position"]),
    "Lag": lambda p: f"{p['lag_events']:,} events",
    "Age of it": lambda p: f"{p['lag_seconds']:,.1f} s",
    "State": lambda p: p["state"].replace("_", " "),
}


@projections.command
def status(*, output: Output = TEXT) -> None:
    """Say how far each projection is: position, head of the store, lag in events and seconds."""
    with local.deployed() as deployment:
        from services.standing import standing

        found = standing(deployment)
    table(found, COLUMNS, output, "there are no projections")


@projections.command
def rebuild(name: str, /, *, output: Output = TEXT, no_progress: bool = False) -> None:
    """Build a projection anew from the store, beside the one that is read, and then swap.

    Args:
        name: The projection's name, or all.
        no_progress: Show no progress bar.
    """
    built = {}
    with local.deployed() as deployment:
        for projection in _named(name):
            with progress(f"Building {projection.name}", "events", shown=not no_progress) as tick:
                built[projection.name] = deployment.rebuilder.rebuild(projection, tick)
        local.catch_up(deployment, shown=not no_progress)
    if output.form != "text":
        document(built)
        return
    for each, position in built.items():
        line(f"{each} is built anew, up to position {position}")


@projections.command
def verify(name: str, /, *, output: Output = TEXT, no_progress: bool = False) -> int:
    """Build a projection aside from the store, and compare it with the one that is read.

    Ends with 1 if they differ.

    Args:
        name: The projection's name, or all.
        no_progress: Show no progress bar.
    """
    found: list[dict[str, Any]] = []
    with local.deployed() as deployment:
        for projection in _named(name):
            with progress(f"Verifying {projection.name}", "events", shown=not no_progress) as tick:
                verdict = deployment.rebuilder.verify(projection, tick)
            found.append({
                "projection": verdict.projection, "position": verdict.position,
                "live": verdict.live, "rebuilt": verdict.rebuilt, "agrees": verdict.agrees,
            })  # fmt: skip
    if output.form != "text":
        document(found if name == "all" else found[0])
    else:
        for each in found:
            _tell(each)
    return OK if all(each["agrees"] for each in found) else FAILED


def _tell(verdict: dict[str, Any]) -> None:
    where = f"{verdict['projection']} at position {verdict['position']}"
    if verdict["agrees"]:
        line(f"{where} is what the store says: SHA-256 {verdict['live']}")
        return
    line(f"{where} DIFFERS: {verdict['live']} is read, {verdict['rebuilt']} is right")
    note(f"to mend it: longcase projections rebuild {verdict['projection']}")


def _named(name: str) -> "list[Projection]":
    from services.catalogue import PROJECTIONS

    if name == "all":
        return list(PROJECTIONS.values())
    if name not in PROJECTIONS:
        raise Usage(f"there is no projection {name}; there are {', '.join(PROJECTIONS)}, and all")
    return [PROJECTIONS[name]]
