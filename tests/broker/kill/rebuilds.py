"""Read models are built anew all through a storm, one after the other, each to be killed too."""

import signal
import threading
from collections import Counter
from typing import Final

from services.catalogue import PROJECTIONS
from tests.broker.kill.system import Part, System

PAUSE: Final = 1.0
"""Seconds between two rebuilds."""


class Rebuilds(threading.Thread):
    """Runs one rebuild after the other until told to stop."""

    def __init__(self, system: System) -> None:
        super().__init__(daemon=True)
        self._system = system
        self._told = threading.Event()
        self.codes: Counter[int] = Counter()
        """How they ended: 0 built, minus 9 killed, 1 the database went away."""
        for name in PROJECTIONS:
            part = system.parts[f"rebuild {name}"] = Part(f"rebuild {name}", once=True)
            part.ended.set()

    def __str__(self) -> str:
        killed = self.codes[-signal.SIGKILL]
        return f"{self.codes[0]} rebuilds done, {killed} killed, {self.codes[1]} cut off"

    def run(self) -> None:
        """Build one projection after the other anew."""
        while True:
            for name in PROJECTIONS:
                if self._told.wait(PAUSE):
                    return
                self.codes[self._system.run(f"rebuild {name}")] += 1

    def end(self) -> None:
        """Finish the one at hand."""
        self._told.set()
        self.join()
