"""A publisher in a process of its own: ``python -m tests.publishing STORE CONTROL NAME COUNT``.

It waits for a line on its input, then reports COUNT messages, a commit each, every second one
to a ticket of its own, the others to the tickets T-0 … T-4 of Acme in turn.  It prints the
positions and how long each took, in seconds, as JSON.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from services.control import Control, Keyring
from services.desk import Desk
from tests.reports import opened, registered, wrote

TICKETS = [f"T-{number}" for number in range(5)]


def prepare(desk: Desk, *names: str) -> None:
    """Record the tickets of Acme, and of a company for each publisher."""
    desk.record([registered(), *(opened(ticket) for ticket in TICKETS)])
    for name in names:
        desk.record([registered(name), opened(name, company=name)])


def publish(
    store: str, control: str, names: Sequence[str], count: int
) -> list[dict[str, list[float]]]:
    """Let several publishers report at once, and return what each of them printed."""
    commands = [
        [sys.executable, "-m", "tests.publishing", store, control, name, str(count)]
        for name in names
    ]
    running = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[1],
        )
        for command in commands
    ]  # fmt: skip
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [json.loads(process.communicate(timeout=300)[0]) for process in running]


def main(store: str, control_url: str, name: str, count: str) -> None:
    control = Control(control_url)
    desk = Desk(store, control, Keyring(control))
    print("ready", flush=True)
    sys.stdin.readline()
    positions, seconds = [], []
    for number in range(int(count)):
        ticket = TICKETS[number // 2 % len(TICKETS)] if number % 2 else name
        began = time.monotonic()
        (receipt,) = desk.record([wrote(ticket, external_id=f"{name}-{number}")])
        seconds.append(time.monotonic() - began)
        assert receipt.status == "accepted", receipt
        positions.append(receipt.position)
    desk.close()
    control.close()
    print(json.dumps({"positions": positions, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
