"""Real Apache Kafka and PostgreSQL on a bare machine, without Docker and without root.

`up` starts what does not run, at the same ports each time, and the parts live on when the
process that called it ends.  A part that crashed starts again with its data; nothing of the
stack can be reached from another machine.
"""

from dataclasses import dataclass
from pathlib import Path

from services.stack.broker import Broker
from services.stack.errors import (
    DownloadFailed,
    PackagesMissing,
    PartFailed,
    PortTaken,
    StackDiffers,
    StackError,
)
from services.stack.lock import locked
from services.stack.part import Part
from services.stack.plan import Plan
from services.stack.postgres import Postgres, create_database, drop_database
from services.stack.training import train

__all__ = [
    "Broker",
    "DownloadFailed",
    "PackagesMissing",
    "PartFailed",
    "PartStatus",
    "PortTaken",
    "Postgres",
    "Stack",
    "StackDiffers",
    "StackError",
    "brokers_of",
    "create_database",
    "down",
    "drop_database",
    "postgres_of",
    "status",
    "up",
]


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the running parts are.

    Attributes:
        kafka: Comma-separated `host:port` of the brokers; empty if none was asked for.
        postgres: URI of the server, password included; None if it was not asked for.
    """

    kafka: str
    postgres: str | None


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of `longcase stack status`.

    Attributes:
        memory: Resident bytes, with those of its child processes.
    """

    name: str
    running: bool
    address: str
    pid: int | None
    memory: int | None


def up(
    home: Path,
    *,
    brokers: int = 1,
    postgres: bool = True,
    heap: str = "256m",
    durable: bool = True,
) -> Stack:
    """Start what does not run of the stack in `home/stack`; return when all of it answers.

    Args:
        brokers: 1, or 3 for a cluster that survives the loss of any one; 0 leaves Kafka out.
        heap: Java's heap for each broker; 96m is enough for tests.
        durable: False if PostgreSQL need not survive a power cut, which makes it faster.

    Raises:
        PackagesMissing: If the extra `[stack]` is not installed.
        DownloadFailed: If Kafka's jars are not here and cannot be fetched.
        StackDiffers: If the stack was made with another number of brokers.
        PortTaken: If another program listens on a part's port.
        PartFailed: If a part ends, or does not answer in time.
    """
    if brokers:
        train()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)  # the first to make it says for whom
    folder = _folder(home)
    with locked(folder):
        Plan.settle(folder, brokers=brokers, heap=heap, durable=durable)
        cluster, server = brokers_of(home) if brokers else [], postgres_of(home)
        wanted: list[Part] = [*cluster, server] if postgres else [*cluster]
        for part in wanted:
            part.launch()
        for part in wanted:
            part.wait()
    addresses = ",".join(broker.address for broker in cluster)
    return Stack(kafka=addresses, postgres=server.uri if postgres else None)


def down(home: Path) -> None:
    """End every part in good order, by force after ten seconds; the data stays."""
    if not (parts := _parts(home)):
        return
    with locked(_folder(home)):
        for part in parts:
            part.ask_to_stop()
        for part in parts:
            part.stop()


def status(home: Path) -> list[PartStatus]:
    """Describe every part that was ever started here, the brokers first."""
    return [_describe(part) for part in _parts(home)]


def brokers_of(home: Path) -> list[Broker]:
    """List the brokers of the stack in *home*, to start, pause or kill one by one.

    Raises:
        StackError: If `up` never made a stack there.
    """
    folder, plan = _folder(home), _plan(home)
    return [Broker(folder, plan, number) for number in range(1, len(plan.nodes) + 1)]


def postgres_of(home: Path) -> Postgres:
    """Find the PostgreSQL server of the stack in *home*, to start, pause or kill it.

    Raises:
        StackError: If `up` never made a stack there.
    """
    return Postgres(_folder(home), _plan(home))


def _folder(home: Path) -> Path:
    return home.absolute() / "stack"


def _plan(home: Path) -> Plan:
    if plan := Plan.load(_folder(home)):
        return plan
    raise StackError(f"there is no stack in {home}; `longcase stack up` makes one")


def _parts(home: Path) -> list[Part]:
    """List what was ever started in *home*, the brokers first."""
    if Plan.load(_folder(home)) is None:
        return []
    parts = [*brokers_of(home), postgres_of(home)]
    return [part for part in parts if part.folder.exists()]


def _describe(part: Part) -> PartStatus:
    program = part.program
    return PartStatus(
        name=part.name,
        running=program is not None,
        address=part.address,
        pid=program.pid if program else None,
        memory=program.memory if program else None,
    )
