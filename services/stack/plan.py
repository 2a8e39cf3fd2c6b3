"""What a stack remembers from its first start on: its ports, its identity, its password."""

import secrets
import socket
from base64 import urlsafe_b64encode
from itertools import repeat
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from pydantic import BaseModel

from services.stack.errors import StackDiffers
from services.stack.part import HOST

__all__ = ["Node", "Plan", "kafka_id"]

PORTS: Final = range(20_000, 32_768)
"""Below the range systems lend to outgoing connections, so that a port which was ours
before a crash has not been lent to somebody at the restart."""


class Node(NamedTuple):
    """Where one broker listens: for clients, and for the other controllers."""

    port: int
    controller_port: int


class Plan(BaseModel, frozen=True):
    """Everything about a stack that has to be the same at its next start."""

    cluster: str
    nodes: tuple[Node, ...]
    postgres_port: int
    postgres_password: str
    heap: str = "256m"
    durable: bool = True

    @classmethod
    def load(cls, folder: Path) -> "Plan | None":
        """Read the plan of the stack in *folder*; None if there is no stack."""
        try:
            return cls.model_validate_json(_file(folder).read_bytes())
        except FileNotFoundError:
            return None

    @classmethod
    def settle(cls, folder: Path, *, brokers: int, heap: str, durable: bool) -> "Plan":
        """Read the plan of the stack in *folder*, or make it, or add what is new in it.

        Heap and durability count from each part's next start; the rest is settled for good.

        Raises:
            StackDiffers: If the stack was made with another number of brokers.
        """
        known = cls.load(folder)
        plan = (known or cls._new()).having(brokers)
        plan = plan.model_copy(update={"heap": heap, "durable": durable})
        if plan != known:
            plan.save(folder)
        return plan

    @classmethod
    def _new(cls) -> "Plan":
        return cls(
            cluster=kafka_id(),
            nodes=(),
            postgres_port=_free_ports(1)[0],
            postgres_password=secrets.token_urlsafe(18),
        )

    def having(self, brokers: int) -> "Plan":
        """Add the brokers if there are none yet."""
        if brokers in (0, len(self.nodes)):
            return self
        if self.nodes:
            raise StackDiffers(
                f"this stack was made with {len(self.nodes)} broker(s), not {brokers}; ask for"
                " that many, or delete its folder to begin anew (with its data)"
            )
        ports = _free_ports(2 * brokers)
        return self.model_copy(update={"nodes": tuple(map(Node, ports[::2], ports[1::2]))})

    def save(self, folder: Path) -> None:
        """Write it so that a crash leaves the old one or the new one."""
        fresh = folder / "stack.json.new"
        fresh.touch(mode=0o600)
        fresh.write_text(self.model_dump_json(indent=2) + "\n")
        fresh.replace(_file(folder))


def kafka_id() -> str:
    """Make an id as Kafka writes them: sixteen random bytes in URL-safe base64.

    It never begins with a dash: Kafka's commands would take it for an option.
    """
    made = (urlsafe_b64encode(uuid4().bytes).decode().rstrip("=") for _ in repeat(None))
    return next(text for text in made if not text.startswith("-"))


def _file(folder: Path) -> Path:
    return folder / "stack.json"


def _free_ports(count: int) -> list[int]:
    """Choose ports nobody listens on, at random so that two stacks do not meet."""
    shuffled = secrets.SystemRandom().sample(PORTS, len(PORTS))
    free = (port for port in shuffled if _is_free(port))
    return [next(free) for _ in range(count)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
