"""`longcase relay`: how the bus is filled, and filling it again."""

import time
from typing import TYPE_CHECKING, Any, Final

from cyclopts import App

from services.cli import local
from services.cli.errors import Usage
from services.cli.progress import progress
from services.cli.show import TEXT, Columns, Output, document, line, note, table

if TYPE_CHECKING:
    from services.relay import Republished

relay = App(name="relay", help="The bus: how far the relay is; publish everything again.")

COLUMNS: Final[Columns] = {
    "State": lambda s: s["state"].replace("_", " "),
    "Position": lambda s: str(s["position"]),
    "Head": lambda s: str(s["head_position"]),
    "Lag": lambda s: f"{s['lag_events']:,} events",
    "Age of it": lambda s: f"{s['lag_seconds']:,.1f} s",
    "Rate": lambda s: f"{s['events_per_second']:,.0f}/s",
    "Time left": lambda s: "" if s["eta_seconds"] is None else f"{s['eta_seconds']:,.0f} s",
    "Lock held by": lambda s: s["held_by"] or "nobody",
}

TOPICS: Final[Columns] = {
    "Topic": lambda t: t["name"],
    "Partitions": lambda t: t["partitions"],
    "Topic id": lambda t: t["topic_id"],
    "Position": lambda t: str(t["position"]),
}


@relay.command
def status(*, output: Output = TEXT) -> None:
    """Say how the relay is: its state, what waits in the store, its topics, who holds its lock."""
    with local.deployed() as deployment:
        from services.relay.status import status as found_of

        found = found_of(deployment.log)
    if output.form != "text":
        document(found)
        return
    table([found], COLUMNS, output, "")
    if found["reason"]:
        note(f"{found['state'].replace('_', ' ')}: {found['reason']}")
    if found["topics"]:
        line("")
        table(found["topics"], TOPICS, output, "")


@relay.command
def republish(*, output: Output = TEXT, no_progress: bool = False) -> None:
    """Publish everything again, after a topic was deleted and made anew.

    Takes the topics as they are now, whatever their number of partitions, and fills them from
    the store.  Stop the relay first.  Killed, it goes on where it was when it is run again.
    Where nothing was lost, it does nothing.

    Args:
        no_progress: Show no progress bar.
    """
    settings = local.settings()
    if not settings.kafka:
        raise Usage("set LONGCASE_KAFKA to the brokers; without Kafka there is no bus")
    from services.bus import Topics, brokers_of
    from services.relay import republish as publish_again

    began = time.monotonic()
    with progress("Publishing again", "events", shown=not no_progress) as tick:
        done = publish_again(settings.store, brokers_of(settings), Topics(), tick)
    if output.form != "text":
        document(_told(done))
        return
    if not done.accepted:
        line("nothing was lost: the topics are those that were published to")
    for name in done.accepted:
        line(f"{name} is the right one from now on")
    if done.events:
        seconds = time.monotonic() - began
        line(f"{done.events:,} events published in {seconds:,.1f} s, up to {done.position}")


def _told(done: "Republished") -> dict[str, Any]:
    return {"accepted": done.accepted, "events": done.events, "position": done.position}
