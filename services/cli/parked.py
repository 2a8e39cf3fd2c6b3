"""`longcase projections pause|resume|parked|retry|skip`: what operators decide of read models."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from services.cli import local
from services.cli.errors import FAILED, OK, Usage
from services.cli.kinds import Whole
from services.cli.projections import named, one, projections
from services.cli.show import TEXT, Columns, Output, documents, line, note, table

if TYPE_CHECKING:
    from services.deployment import Deployment
    from services.parking import Parked
    from services.retry import Retried, Retrier

COLUMNS: Final[Columns] = {
    "Projection": lambda p: p["projection"],
    "Position": lambda p: str(p["position"]),
    "Waits with": lambda p: p["sequence"],
    "Type": lambda p: p["type"],
    "Tried": lambda p: str(p["attempts"]),
    "Reason": lambda p: p["reason"] or "waits for an earlier one",
}


@projections.command
def pause(name: str, /) -> None:
    """Let a projection stand still; what is recorded waits for it.

    Args:
        name: The projection's name, or all.
    """
    with local.deployed() as deployment:
        for each in named(name):
            was_going = deployment.decisions.pause(each.name, _who())
            line(f"{each.name} {'is paused' if was_going else 'was paused already'}")


@projections.command
def resume(name: str, /) -> None:
    """Let a paused projection go on, and catch up.

    Args:
        name: The projection's name, or all.
    """
    with local.deployed() as deployment:
        for each in named(name):
            was_paused = deployment.decisions.resume(each.name)
            line(f"{each.name} {'goes on' if was_paused else 'was not paused'}")
        local.catch_up(deployment, shown=True)


@projections.command
def parked(name: str = "all", /, *, output: Output = TEXT) -> None:
    """List the events that a projection could not fold, and those that wait behind them.

    Args:
        name: The projection's name.
    """
    found: list[dict[str, Any]] = []
    with local.deployed() as deployment:
        for each in named(name):
            waiting = _retrier(deployment).parked(each)
            found += [{"projection": each.name, **asdict(one_)} for one_ in waiting]
    table(found, COLUMNS, output, "nothing is parked")


@projections.command
def retry(name: str, /, *, sequence: str | None = None, output: Output = TEXT) -> int:
    """Fold parked events again, once what failed is mended; ends with 1 if some still wait.

    Args:
        name: The projection's name, or all.
        sequence: Only those that wait with this ticket or company, as `parked` shows it.
    """
    found: dict[str, list[Retried]] = {}
    with local.deployed() as deployment:
        for each in named(name):
            found[each.name] = _retrier(deployment).retry(each, sequence)
    _tell(found, output)
    return FAILED if any(each.left for outcomes in found.values() for each in outcomes) else OK


@projections.command
def skip(name: str, position: Whole, /, *, reason: str, output: Output = TEXT) -> int:
    """Leave a parked event out of a projection for good, in every rebuild too.

    The event stays in history and in other projections.  Who decided so, when and why is
    written for the auditor.

    Args:
        name: The projection's name.
        position: The event's, as `parked` shows it.
        reason: Why it is left out.
    """
    projection = one(name)
    if not reason.strip():
        raise Usage("--reason says why the event is left out; it cannot be empty")
    with local.deployed() as deployment:
        from services.audit.skips import Skips

        retrier = _retrier(deployment)
        event = _parked(retrier.parked(projection), name, position)
        skips = Skips(deployment.desk, deployment.decisions)
        skips.leave_out(projection, event, reason.strip(), _who())
        local.catch_up(deployment, shown=False)
        outcomes = retrier.retry(projection, event.sequence)
    if output.form == "text":
        line(f"position {position} is left out of {name}: {reason.strip()}")
    _tell({name: outcomes}, output)
    return FAILED if any(each.left for each in outcomes) else OK


def _parked(waiting: "list[Parked]", name: str, position: int) -> "Parked":
    for each in waiting:
        if each.position == position:
            if each.reason:
                return each
            first = next(e for e in waiting if e.sequence == each.sequence)
            raise Usage(
                f"position {position} only waits for position {first.position} of the same "
                f"sequence; skip or mend that one"
            )
    raise Usage(
        f"position {position} of {name} is not parked; longcase projections parked {name} lists "
        "what is"
    )


def _tell(found: "dict[str, list[Retried]]", output: Output) -> None:
    """Print what became of the sequences that were tried."""
    outcomes = [(name, each) for name, all_ in found.items() for each in all_]
    if output.form != "text":
        documents([{"projection": name, **asdict(each)} for name, each in outcomes], output)
        return
    if not outcomes:
        note("nothing is parked")
    for name, each in outcomes:
        done = f"{name}: {each.sequence}: {each.folded} folded"
        line(f"{done}, {each.left} still wait: {each.reason}" if each.left else done)


def _retrier(deployment: "Deployment") -> "Retrier":
    from services.retry import Retrier

    return Retrier(deployment.feed, deployment.models, deployment.decisions)


def _who() -> str:
    from services.security import local as identity

    return identity().name
