"""A real Kafka broker, its own controller too (KRaft), small enough to start in a second.

What was acknowledged is in the system's page cache: it survives `kill -9`, not the loss of
power, after which `longcase relay republish` fills the topics again from the store.
"""

import shutil
import socket
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.stack import runtime
from services.stack.part import HOST, Part
from services.stack.plan import Node, Plan, kafka_id
from services.stack.program import Command

__all__ = ["JVM", "Broker", "properties", "write"]

JVM: Final = (
    "-XX:+UseSerialGC",  # the collector with the least memory of its own
    "-XX:TieredStopAtLevel=1",  # half the time to start; a third slower when hot
    "-XX:+ExitOnOutOfMemoryError",  # better gone, and seen, than half alive
    "-Djava.net.preferIPv4Stack=true",
    "--sun-misc-unsafe-memory-access=allow",  # Kafka's own, and no news to its user
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)

SMALL: Final = {
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
}
"""What keeps one machine's broker small: bytes, threads, internal partitions."""

LONE_SESSION: Final = 1_500
SHARED_SESSION: Final = 3_000
"""Milliseconds without a heartbeat until a broker counts as dead.  One that is back from a
crash waits for the end of its old session; where others take over, a stall must not pass for
a death."""

PROBE_PATIENCE: Final = 2.0
"""Seconds one question to a broker may take; it is asked again."""


class Broker(Part):
    """One Kafka broker, numbered from 1 as in `kafka-1`."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        number: int,
        *,
        flags: tuple[str, ...] = (),
        own: Mapping[str, str] | None = None,
    ) -> None:
        """Describe broker *number* of *plan*.

        Args:
            flags: Go to the Java runtime.
            own: Properties in place of those of `properties`, or beside them.
        """
        super().__init__(folder / f"kafka-{number}", plan.nodes[number - 1].port)
        self.number = number
        self._plan = plan
        self._flags = flags
        self._own = dict(own or {})

    def prepare(self) -> None:
        """Write the settings anew and, at the first start, the identity of the data."""
        settings = properties(self.number, self._plan.nodes, self._data)
        write(self.folder / "server.properties", settings | self._own)
        if self._data.exists():
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        shutil.copy(runtime.features(), fresh)
        write(fresh / "meta.properties", self._identity())
        fresh.rename(self._data)

    def command(self) -> Command:
        """Run Kafka on the packaged Java."""
        return runtime.java(
            "kafka.Kafka",
            self.folder / "server.properties",
            flags=(f"-Xmx{self._plan.heap}", *JVM, *self._archived(), *self._flags),
        )

    def answers(self) -> bool:
        """Say whether the cluster counts it among its living brokers, as it says itself."""
        try:
            return self.number in _living(self.port)
        except (OSError, struct.error):
            return False

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _identity(self) -> dict[str, str]:
        """What Kafka's own format command writes, which takes a second Java start."""
        return {
            "version": "1",
            "cluster.id": self._plan.cluster,
            "node.id": str(self.number),
            "directory.id": kafka_id(),
        }

    def _archived(self) -> tuple[str, ...]:
        archive = runtime.archive()
        return (f"-XX:AOTCache={archive}",) if archive.exists() else ()


def properties(number: int, nodes: Sequence[Node], data: Path) -> dict[str, str]:
    """Compose everything in the `server.properties` of broker *number*."""
    own = nodes[number - 1]
    clients = f"PLAINTEXT://{HOST}:{own.port}"
    voters = (f"{n}@{HOST}:{node.controller_port}" for n, node in enumerate(nodes, 1))
    return {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "controller.quorum.voters": ",".join(voters),
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listeners": f"{clients},CONTROLLER://{HOST}:{own.controller_port}",
        "advertised.listeners": clients,
        "log.dirs": str(data),
        "log.retention.ms": "-1",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        **_shared(len(nodes)),
        "group.initial.rebalance.delay.ms": "0",
        **SMALL,
    }


def _shared(brokers: int) -> dict[str, str]:
    """Three copies where there are three brokers, and an acknowledgement means two."""
    copies, acknowledged = (str(min(3, brokers)), str(min(2, brokers)))
    session = LONE_SESSION if brokers == 1 else SHARED_SESSION
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": acknowledged,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": acknowledged,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": acknowledged,
        "broker.session.timeout.ms": str(session),
        "broker.heartbeat.interval.ms": str(session // 5),
    }


def write(file: Path, settings: dict[str, str]) -> None:
    """Write *settings* as Java reads them."""
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


def _living(port: int) -> set[int]:
    """Ask a broker which brokers live: a Metadata request of version 0, about no topic.

    By hand, as only the bus may import the client and a start needs no more than this.
    """
    question = struct.pack(">hhihi", 3, 0, 1, -1, 0)
    with socket.create_connection((HOST, port), timeout=PROBE_PATIENCE) as broker:
        broker.sendall(struct.pack(">i", len(question)) + question)
        with broker.makefile("rb") as answer:
            (size,) = struct.unpack(">i", answer.read(4))
            return _broker_ids(answer.read(size))


def _broker_ids(answer: bytes) -> set[int]:
    """Read the brokers of a Metadata answer: how many, then id, host and port of each."""
    _, count = struct.unpack_from(">ii", answer)
    at, found = 8, set[int]()
    for _ in range(count):
        number, length = struct.unpack_from(">ih", answer, at)
        found.add(number)
        at += 6 + length + 4
    return found
