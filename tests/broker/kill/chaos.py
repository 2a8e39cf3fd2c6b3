"""Chaos: parts are killed at random, by a seed, as long as the plan lasts."""

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from tests.broker.kill.system import System

PAUSE: Final = (0.25, 0.7)
"""Seconds between two kills."""


class Chaos:
    """A plan of kills, and what was done of it."""

    def __init__(self, system: System, seed: int, kills: int, servers: int) -> None:
        """Make the plan.

        Args:
            kills: How many in all.
            servers: How many of them of each server.
        """
        self._system = system
        self._chance = random.Random(seed)
        self._plan = [name for name in system.servers for _ in range(servers)]
        self._plan += self._chance.choices([*system.parts], k=kills - len(self._plan))
        self._chance.shuffle(self._plan)
        self.done: Counter[str] = Counter()
        self._seconds = 0.0

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.done.items()))
        return f"{self.done.total()} kills ({kinds}) in {self._seconds:.0f} s"

    def rage(self, progress: Callable[[float], None]) -> None:
        """Kill what the plan says, one after the other; tell which share of it is done."""
        kills, began = len(self._plan), time.monotonic()
        while self._plan:
            time.sleep(self._chance.uniform(*PAUSE))
            name = self._next()
            self._system.kill(name)
            self.done[name.split()[0]] += 1
            progress(self.done.total() / kills)
        self._seconds = time.monotonic() - began

    def _next(self) -> str:
        """Take the next one that can be killed now: a server that is away must come back first."""
        while True:
            for number, name in enumerate(self._plan):
                if name in self._system.servers:
                    if name not in self._system.away:
                        return self._plan.pop(number)
                elif not self._system.parts[name].ended.is_set():
                    return self._plan.pop(number)
            time.sleep(0.02)
