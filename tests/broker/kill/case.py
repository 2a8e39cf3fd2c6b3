"""One small system on the shared servers, for tests that break it in one place."""

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import Final, NamedTuple, Self

import orjson

from services.config import Settings
from services.stack.plan import _free_ports
from services.wire import read_cloud_event
from tests.broker.deployed import Deployed, eventually
from tests.broker.kill.forks import Zygote
from tests.broker.kill.invariants import violations
from tests.broker.kill.ledger import Ledger
from tests.broker.kill.stories import Events, foundation, story
from tests.broker.kill.system import APIS, System

WAVES: Final = 4
"""How often something is reported, so that every place is passed more than once."""

FAILPOINT: Final = '"event":"failpoint"'
"""What a part writes when it comes upon one."""


class Case(NamedTuple):
    """A system, and what was reported to it."""

    system: System
    deployed: Deployed
    ledger: Ledger

    @classmethod
    def of(cls, zygote: Zygote, settings: Settings, *without: str) -> Self:
        """Make one.

        Args:
            without: Guards that are taken out.
        """
        deployed = Deployed(settings)
        ports = _free_ports(len(APIS))
        return cls(
            System(zygote, settings, deployed.topics, ports=ports, without=without),
            deployed, Ledger(),
        )  # fmt: skip

    @contextmanager
    def at_work(self, parts: Mapping[str, str], *projections: str) -> Iterator[None]:
        """Run parts, each with its failpoints; the end is when all has arrived."""
        with self.deployed.opened:
            self.deployed.create_topics()
            assert self.deployed.desk.store.head() == 0
            with self.system.kept():
                for name, failpoints in parts.items():
                    self.system.start(name, failpoints)
                yield
                self.ledger.complaints += self.system.comes_to_rest(*projections or ["tickets"])

    def report(self, events: Events) -> None:
        """Report events through a desk of the test's own."""
        desk = self.deployed.desk
        self.ledger.sent.update(event["id"] for event in events)
        reports = [read_cloud_event(orjson.dumps(event), desk.resolve) for event in events]
        for event, receipt in zip(events, desk.record(reports), strict=True):
            self.ledger.answered(event["id"], asdict(receipt))

    def tell(self) -> None:
        """Report a short story bit by bit; the first bit is folded by itself."""
        for number, wave in enumerate(waves()):
            self.report(wave)
            if number == 0:
                assert self.system.comes_to_rest("tickets") == []
            time.sleep(0.1)

    @contextmanager
    def stopped(self, *parts: str) -> Iterator[None]:
        """Stop parts by force once they come upon their failpoint, which must stall a while.

        At the end of the context they wake and know nothing of what was done meanwhile.
        """
        for part in parts:
            assert eventually(partial(self._came_upon_one, part))
            self.system.send(part, signal.SIGSTOP)
        try:
            yield
        finally:
            for part in parts:
                self.system.send(part, signal.SIGCONT)

    def wrong(self, *projections: str) -> list[str]:
        """List what is wrong in the end."""
        with (deployed := Deployed(self.system.settings, self.system.topics)).opened:
            return violations(deployed, self.ledger, *projections or ["tickets"])

    def _came_upon_one(self, part: str) -> bool:
        return FAILPOINT in self.log(part)

    def log(self, part: str) -> str:
        """Read what a part wrote; nothing, while it is yet to begin."""
        file = self.system.settings.home / f"{part.replace(' ', '-')}.log"
        return file.read_text() if file.exists() else ""


def waves() -> Sequence[Events]:
    """Tell a short story, in parts."""
    told = story("p", seed=7)
    return [foundation(), *(next(told) for _ in range(WAVES))]
