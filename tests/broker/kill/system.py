"""A real system of separate processes, and the supervisor that starts again what ends."""

import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from services.bus import Topics
from services.config import Settings
from services.stack import Broker, Postgres
from tests.broker.deployed import PATIENCE, Deployed, eventually
from tests.broker.inboxes import is_done
from tests.broker.kill.forks import Zygote, order_of

APIS: Final = ("api 1", "api 2")
ALL: Final = (*APIS, "relay", "inbox", "timeline 1", "timeline 2", "tickets 1", "tickets 2",
              "directory 1", "dossier 1")  # fmt: skip
"""Everything that is ours; the broker and the database come on top."""

NOT_STARTED: Final = 3
"""How uvicorn ends if the application cannot begin."""

BREATH: Final = 0.05
"""Seconds until the supervisor starts again what ended."""


@dataclass
class Part:
    """One process of the system, as its supervisor knows it.

    Attributes:
        once: Whether it is not started again.
    """

    name: str
    once: bool = False
    pid: int = 0
    codes: list[int] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


class System:
    """Parts of one deployment; while `kept`, what ends is started again."""

    def __init__(
        self,
        zygote: Zygote,
        settings: Settings,
        topics: Topics,
        *,
        ports: Sequence[int] = (),
        without: Sequence[str] = (),
    ) -> None:
        """Describe a system; `start` starts its parts.

        Args:
            ports: Where the APIs listen.
            without: Guards that are taken out of every part.
        """
        self.settings = settings
        self.topics = topics
        self.ports = ports
        self.parts: dict[str, Part] = {}
        self.servers: dict[str, Broker | Postgres] = {}
        self.away: set[str] = set()
        self._zygote = zygote
        self.without = without
        self._ends: queue.Queue[str | None] = queue.Queue()

    def start(self, name: str, failpoints: str = "") -> Part:
        """Start one part."""
        part = self.parts.setdefault(name, Part(name))
        part.ended.clear()
        settings = self.settings.environment()
        if name in APIS:
            settings["LONGCASE_PORT"] = str(self.ports[APIS.index(name)])
        log = self.settings.home / f"{name.replace(' ', '-')}.log"
        order = order_of(name, settings, self.topics.prefix, log, failpoints, *self.without)
        part.pid = self._zygote.fork(order, lambda code: self._ended(part, code))
        return part

    def run(self, name: str, failpoints: str = "") -> int:
        """Run a part to its end; say its exit code."""
        self.parts.setdefault(name, Part(name)).once = True
        part = self.start(name, failpoints)
        assert part.ended.wait(PATIENCE), f"{name} does not end"
        return part.codes[-1]

    def send(self, name: str, number: signal.Signals) -> None:
        """Signal one part, if it runs."""
        part = self.parts[name]
        if not part.ended.is_set():
            with suppress(ProcessLookupError):  # it ended just now
                os.kill(part.pid, number)

    def kill(self, name: str) -> None:
        """Kill one part, or a server, which is started again at once."""
        if name not in self.servers:
            self.send(name, signal.SIGKILL)
            return
        self.away.add(name)
        threading.Thread(target=self._bounce, args=(name,)).start()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Start again whatever ends, until the end of the context; then all is stopped."""
        self._supervisor = threading.Thread(target=self._supervise)
        self._supervisor.start()
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Start nothing again, and kill everything that is ours."""
        self._ends.put(None)
        self._supervisor.join()
        for name in self.parts:
            self.send(name, signal.SIGKILL)
        for part in self.parts.values():
            assert part.ended.wait(60), f"{part.name} survived a kill"

    def deaths(self) -> list[str]:
        """List what ended by itself: a process that gave up.

        An API that begins while the database is away may: whoever starts it tries again.
        """
        return [
            f"{part.name} ended by itself with {code}"
            for part in self.parts.values()
            for code in part.codes
            if not part.once
            if code != -signal.SIGKILL and (part.name not in APIS or code != NOT_STARTED)
        ]

    def comes_to_rest(self, *projections: str) -> list[str]:
        """Wait until everything that was recorded has arrived; say what has not."""
        late = []
        with (deployed := Deployed(self.settings, self.topics)).opened:
            if "inbox" in self.parts and not eventually(lambda: is_done(deployed)):
                late.append("the inbox is not read to its end")
            head = deployed.desk.store.head()
            if not eventually(lambda: deployed.relayed() >= head):
                late.append(f"the relay is at {deployed.relayed()} of {head}")
            late += [
                f"{name} has not folded everything"
                for name in projections
                if not deployed.has_arrived(name, head)
            ]
        return late

    def _ended(self, part: Part, code: int) -> None:
        part.codes.append(code)
        part.ended.set()
        self._ends.put(part.name)

    def _supervise(self) -> None:
        while (name := self._ends.get()) is not None:
            if not self.parts[name].once:
                time.sleep(BREATH)
                self.start(name)

    def _bounce(self, name: str) -> None:
        server = self.servers[name]
        server.kill()
        server.start()
        self.away.discard(name)
