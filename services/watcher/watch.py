"""Watching: the store's log → what follows from it, recorded through the desk.

Promise: each live event is looked at after it is recorded, in order, and what follows is
recorded once.  A kill makes some events looked at again, and the desk knows their findings by
their ids.  Old history that is brought in is left alone, and a rebuild looks at nothing.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from threading import Event
from typing import Final

import structlog
from eventsourcing.persistence import PersistenceError

from domain.events import Logged
from projections.database import failures
from services.deployment import Deployment
from services.failpoints import failpoint
from services.feed import Unreadable, readable
from services.heartbeat import RUNNING, Pulse, this_instance
from services.receipts import Unavailable
from services.store import Row
from services.wake import Wake
from services.watcher.mark import WatcherMark
from services.watcher.watchers import Sight, Watcher

PAGE: Final = 500
"""Events that are read at once; the marks move with each page, and with each finding."""

LOOK_SECONDS: Final = 0.25
"""How long a read model is waited for before it is asked whether to stop."""

POLL: Final = 0.05
"""Seconds between looks at a SQLite store; a suspicion may be a moment late."""

STANDBY: Final = "standby"
WAITING: Final = "waiting_for_projections"

logger = structlog.get_logger()


class Stopped(Exception):
    """It was told to stop while it waited."""


class Watch:
    """Lets watchers look at what is recorded; for one thread."""

    def __init__(
        self, deployment: Deployment, watchers: Iterable[Watcher], pulse: Pulse | None = None
    ) -> None:
        """Say who watches what.

        Args:
            pulse: Told how it stands, where there is one.
        """
        self._parts = deployment
        self._watchers = tuple(watchers)
        self._pulse = pulse
        self._marks: dict[str, int] = {}

    def run(self, stop: Event, *, to_the_head: bool = False) -> None:
        """Look at what is recorded as it comes, until *stop* is set.

        Args:
            to_the_head: End once everything was looked at.
        """
        with ExitStack() as opened:
            mark = opened.enter_context(closing(WatcherMark(self._parts.log.url)))
            self._say(STANDBY, "another process watches", patience=float("inf"))
            if not opened.enter_context(mark.held(stop, this_instance())):
                return
            names = [watcher.name for watcher in self._watchers]
            self._marks = mark.begin(names, self._parts.log.head())
            wake = opened.enter_context(closing(Wake(self._parts.log.url, POLL)))
            self._say(RUNNING)
            try:
                self._follow(mark, wake, stop, to_the_head=to_the_head)
            except Stopped:
                return

    def _follow(self, mark: WatcherMark, wake: Wake, stop: Event, *, to_the_head: bool) -> None:
        position = min(self._marks[watcher.name] for watcher in self._watchers)
        while not stop.is_set():
            rows = self._parts.log.after(position, PAGE)
            self._moved(position, len(rows))
            if not rows and to_the_head:
                return
            if not rows:
                wake.wait(stop)
                continue
            for row in rows:
                self._see(row, mark, stop)
            position = rows[-1].position
            self._keep(mark, self._watchers, position)

    def _see(self, row: Row, mark: WatcherMark, stop: Event) -> None:
        """Let those look at an event who look at its type and have not yet."""
        looking = [
            each
            for each in self._watchers
            if row.type in each.triggers and self._marks[each.name] < row.position
        ]
        if not looking:
            return
        self._parts.keyring.refresh()
        logged = readable([row], self._parts.keyring)[0]
        for watcher in looking:
            if isinstance(logged, Unreadable):
                self._set_aside(watcher, row, mark, logged)
            elif logged.event.is_live:
                self._look(watcher, row, logged, mark=mark, stop=stop)

    def _look(
        self, watcher: Watcher, row: Row, logged: Logged, *, mark: WatcherMark, stop: Event
    ) -> None:
        self._arrive(watcher, row.position, stop)
        sight = Sight(self._parts.log, self._parts.models)
        try:
            reports = [watcher.report(logged, found) for found in watcher.look(logged, sight)]
        except _passing():
            raise
        except Exception as error:  # noqa: BLE001  one event must not stop all that come after
            self._set_aside(watcher, row, mark, error)
            return
        if reports:
            mark.assert_held()
            failpoint("watcher.before_record")
            receipts = self._parts.desk.record(reports)
            failpoint("watcher.after_record")
            self._keep(mark, [watcher], row.position)
            failpoint("watcher.after_mark")
            for receipt in receipts:
                logger.info("watched", watcher=watcher.name, trigger=row.position,
                            status=receipt.status, code=receipt.code)  # fmt: skip

    def _arrive(self, watcher: Watcher, position: int, stop: Event) -> None:
        """Wait until the read models that a watcher reads have folded an event.

        Raises:
            Stopped: If told to stop meanwhile.
        """
        for projection in watcher.reads:
            while not self._parts.wait_for(projection, position, LOOK_SECONDS):
                if stop.is_set():
                    raise Stopped
                self._say(WAITING, f"{projection.name} has not folded position {position:,}")
                if self._parts.is_embedded:  # nobody else may be there to do it
                    self._parts.projector.catch_up(upto=position)
        if self._pulse and self._pulse.state != RUNNING:
            self._say(RUNNING)

    def _set_aside(self, watcher: Watcher, row: Row, mark: WatcherMark, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        logger.error("could not be watched", watcher=watcher.name, position=row.position,
                     error=reason)  # fmt: skip
        mark.failed(watcher.name, row.position, reason)

    def _keep(self, mark: WatcherMark, watchers: Sequence[Watcher], position: int) -> None:
        moved = {each.name: max(self._marks[each.name], position) for each in watchers}
        self._marks |= moved
        mark.save(moved)

    def _say(self, state: str, detail: str = "", patience: float = 0.0) -> None:
        if self._pulse:
            self._pulse.say(state, detail, patience=patience)

    def _moved(self, position: int, events: int) -> None:
        if self._pulse:
            self._pulse.moved(position, events)


def _passing() -> tuple[type[Exception], ...]:
    """List what may be over at the next try."""
    return (Unavailable, PersistenceError, *failures())
