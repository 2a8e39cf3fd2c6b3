"""`longcase projections`: how far the read models are, build them anew, compare, swap."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from cyclopts import App

from services.cli import local
from services.cli.errors import FAILED, OK, Usage
from services.cli.progress import progress
from services.cli.show import TEXT, Columns, Output, document, line, note, table

if TYPE_CHECKING:
    from projections.projection import Projection
    from services.rebuild import Built

projections = App(
    name="projections", help="The read models: how far, rebuild, swap, parked events."
)

COLUMNS: Final[Columns] = {
    "Name": lambda p: p["name"],
    "Position": lambda p: str(p["position"]),
    "Head": lambda p: str(p["head_position"]),
    "Lag": lambda p: f"{p['lag_events']:,} event{'' if p['lag_events'] == 1 else 's'}",
    "Age of it": lambda p: f"{p['lag_seconds']:,.1f} s",
    "Time left": lambda p: "" if p["eta_seconds"] is None else f"{p['eta_seconds']:,.0f} s",
    "Parked": lambda p: f"{p['parked']:,}",
    "State": lambda p: p["state"].replace("_", " "),
}


@projections.command
def status(*, output: Output = TEXT) -> None:
    """Say how far each projection is: position, head of the store, lag in events and seconds."""
    with local.deployed() as deployment:
        from services.standing import standing

        found = standing(deployment)
    table(found, COLUMNS, output, "there are no projections")
    for each in found:
        if each["reason"] and output.form == "text":
            note(f"{each['name']} is {each['state'].replace('_', ' ')}: {each['reason']}")
        if each["strays"] and output.form == "text":
            note(f"{each['name']} set aside {each['strays']:,} records on the bus: none of ours")


@projections.command
def rebuild(
    name: str, /, *, hold: bool = False, output: Output = TEXT, no_progress: bool = False
) -> int:
    """Build a projection anew from the store, beside the one that is read, and then swap.

    One that had to park more events than the one that is read is held, as with --hold, and the
    command ends with 1.

    Args:
        name: The projection's name, or all.
        hold: Do not swap; `projections promote` does so.
        no_progress: Show no progress bar.
    """
    built: dict[str, Built] = {}
    with local.deployed() as deployment:
        for each in named(name):
            with progress(f"Building {each.name}", "events", shown=not no_progress) as tick:
                built[each.name] = deployment.rebuilder.rebuild(each, tick, hold=hold)
        local.catch_up(deployment, shown=not no_progress)
    if output.form != "text":
        document({key: asdict(found) for key, found in built.items()})
    else:
        for built_name, found in built.items():
            _tell_built(built_name, found, hold=hold)
    return OK if hold or all(found.is_live for found in built.values()) else FAILED


@projections.command
def promote(name: str, /, *, output: Output = TEXT, no_progress: bool = False) -> None:
    """Read a projection that was built and held, once it has caught up.

    Args:
        name: The projection's name.
        no_progress: Show no progress bar.
    """
    projection = one(name)
    with (
        local.deployed() as deployment,
        progress(f"Catching up {name}", "events", shown=not no_progress) as tick,
    ):
        built = deployment.rebuilder.promote(projection, tick)
    if output.form != "text":
        document({name: asdict(built)})
    else:
        _tell_built(name, built, hold=False)


@projections.command
def rollback(name: str, /) -> None:
    """Read the projection again that was read before the last swap; it then catches up.

    Args:
        name: The projection's name.
    """
    projection = one(name)
    with local.deployed() as deployment:
        position = deployment.rebuilder.rollback(projection)
        local.catch_up(deployment, shown=True)
    line(f"{name} is read again as it was before the last swap, which stood at {position}")


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
        for projection in named(name):
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


def _tell_built(name: str, built: "Built", *, hold: bool) -> None:
    """Say what a rebuild made, and what to do if it is not read."""
    line(f"{name} is built anew, up to position {built.position}")
    if built.parked:
        note(f"{built.parked} events of it are parked: longcase projections parked {name}")
    if not built.is_live:
        if not hold:
            note("it could fold less than the one that is read, which goes on being read")
        note(f"to read it: longcase projections promote {name}")


def _tell(verdict: dict[str, Any]) -> None:
    where = f"{verdict['projection']} at position {verdict['position']}"
    if verdict["agrees"]:
        line(f"{where} is what the store says: SHA-256 {verdict['live']}")
        return
    line(f"{where} DIFFERS: {verdict['live']} is read, {verdict['rebuilt']} is right")
    note(f"to mend it: longcase projections rebuild {verdict['projection']}")


def named(name: str) -> "list[Projection]":
    """Find the projections that a name means; ``all`` means every one."""
    from services.catalogue import PROJECTIONS

    if name == "all":
        return list(PROJECTIONS.values())
    if name not in PROJECTIONS:
        raise Usage(f"there is no projection {name}; there are {', '.join(PROJECTIONS)}, and all")
    return [PROJECTIONS[name]]


def one(name: str) -> "Projection":
    """Find the one projection of a name."""
    from services.catalogue import PROJECTIONS

    if name not in PROJECTIONS:
        raise Usage(f"there is no projection {name}; there are {', '.join(PROJECTIONS)}")
    return PROJECTIONS[name]
