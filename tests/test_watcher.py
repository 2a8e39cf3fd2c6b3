"""The watchers look at what is recorded, in order, once, and only at what is news."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from domain.events import Logged
from domain.events.ticket import InternalNoteAdded, TicketOpened
from projections.duplicates import POLICY
from services import heartbeat
from services.config import Settings
from services.deployment import Deployment
from services.failpoints import Failed, arm
from services.heartbeat import Beat
from services.watcher import WATCHERS, Watch, serve_watcher
from services.watcher.duplicates import DUPLICATES
from services.watcher.mark import WatcherMark
from services.watcher.status import status
from services.watcher.watchers import Finding, Sight, Watcher
from tests.reports import wrote
from tests.troubles import SECOND, acme, again, suspicions, trouble
from tests.watched import Watched, watched

__all__ = ["watched"]

PROJECT = Path(__file__).parents[1]

WATCHING = """
import sys
from threading import Event
from services.config import Settings
from services.deployment import Deployment
from services.failpoints import arm
from services.watcher import WATCHERS, Watch

arm(sys.argv[1])
with Deployment(Settings()) as deployment:
    Watch(deployment, WATCHERS).run(Event(), to_the_head=True)
"""

PLACES = ("watcher.before_record", "watcher.after_record", "watcher.after_mark")


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


def noticing(name: str = "noticing", *, fails_at: str = "") -> Watcher:
    """Make a watcher that notes each opening, and cannot look at one ticket."""

    def look(logged: Logged, _: Sight) -> Iterator[Finding]:
        if logged.event.local_id == fails_at:
            raise LookupError("out of sight")
        note = InternalNoteAdded(note="New.")
        yield Finding(logged.event.local_id, logged.event.stream_id, note)

    return Watcher(name, 1, frozenset({TicketOpened.TYPE}), (), look)


def watch(watched: Watched, *watchers: Watcher) -> None:
    Watch(watched.deployment, watchers).run(Event(), to_the_head=True)


def test_a_watcher_begins_at_the_head_at_its_first_start(watched: Watched) -> None:
    watched.tell(*acme(), trouble())

    watch(watched, noticing())
    watched.tell(again())
    watch(watched, noticing())

    assert watched.types("TCK-1") == ["ticket.opened"]
    assert watched.types(SECOND) == ["ticket.opened", "ticket.internal_note_added"]


def test_each_watcher_keeps_its_own_place(watched: Watched) -> None:
    watch(watched, noticing("one"))
    watched.tell(*acme(), trouble())
    watch(watched, noticing("one"), noticing("two"))
    watched.tell(again())
    watch(watched, noticing("one"), noticing("two"))

    assert watched.types("TCK-1").count("ticket.internal_note_added") == 1
    assert watched.types(SECOND).count("ticket.internal_note_added") == 2


def test_what_follows_says_from_what_and_by_which_watcher(watched: Watched) -> None:
    watched.tell(*acme(), trouble())
    *_, cause = watched.tell(again())
    watched.watch()

    row = watched.deployment.log.of_stream(f"ticket/{SECOND}")[-1]
    logged = watched.deployment.feed.at(row.position)
    assert isinstance(logged, Logged)
    assert (logged.event.actor, logged.event.causation_id) == (
        "system/duplicates-watcher", cause,
    )  # fmt: skip
    source = logged.event.source
    assert source.external_id == f"duplicates/{POLICY}/{SECOND}:TCK-1/{cause}"
    assert not logged.late


@pytest.mark.parametrize("place", PLACES)
def test_what_a_failure_leaves_is_done_once_by_the_next_look(watched: Watched, place: str) -> None:
    watched.tell(*acme(), trouble(), again())

    arm(f"{place}=raise")
    with pytest.raises(Failed):
        watched.watch()
    arm("")
    watched.watch()
    watched.watch()

    assert len(suspicions(watched)) == 1


@pytest.mark.parametrize("place", PLACES)
def test_a_kill_records_nothing_twice(watched: Watched, place: str) -> None:
    watched.tell(*acme(), trouble(), again())

    assert killed_at(place, watched.deployment.settings) == -signal.SIGKILL
    watched.watch()

    assert len(suspicions(watched)) == 1


def test_marks_that_are_lost_record_nothing_twice(watched: Watched) -> None:
    """The desk knows what was recorded by its id, whatever the watcher remembers."""
    watched.tell(*acme(), trouble(), again())
    watch(watched, noticing())
    watched.watch()
    before = watched.types(SECOND)

    with closing(WatcherMark(watched.deployment.log.url)) as mark:
        mark.database.execute("UPDATE watcher_marks SET position = 0")
    watched.watch()
    watch(watched, noticing())
    assert watched.types(SECOND).count("ticket.internal_note_added") == 1
    with closing(WatcherMark(watched.deployment.log.url)) as mark:
        mark.database.execute("UPDATE watcher_marks SET position = 0")
    watch(watched, noticing())

    assert watched.types(SECOND) == [*before, "ticket.internal_note_added"]


def test_a_rebuild_makes_no_watcher_look_again(watched: Watched) -> None:
    watched.tell(*acme(), trouble(), again())
    watched.watch()
    head = watched.deployment.log.head()

    for projection in DUPLICATES.reads:
        watched.deployment.rebuilder.rebuild(projection)
    watched.watch()

    assert watched.deployment.log.head() == head


def test_an_event_that_cannot_be_looked_at_is_set_aside_and_said(watched: Watched) -> None:
    watcher = noticing(fails_at="TCK-1")
    watch(watched, watcher)
    watched.tell(*acme(), trouble(), again())

    watch(watched, watcher)

    assert watched.types(SECOND)[1:] == ["ticket.internal_note_added"]
    with closing(WatcherMark(watched.deployment.log.url)) as mark:
        ((name, _, reason),) = mark.failures()
    assert (name, reason) == ("noticing", "LookupError: out of sight")


def test_a_mark_beyond_the_head_goes_back_to_it(watched: Watched) -> None:
    with closing(WatcherMark(watched.deployment.log.url)) as mark:
        mark.save({"duplicates": 1_000_000})

    watched.tell(*acme(), trouble())
    watched.watch()

    assert watched.marks()["duplicates"] == watched.deployment.log.head()


def test_one_process_watches_at_a_time(watched: Watched) -> None:
    stop, done = Event(), Event()

    def second() -> None:
        with Deployment(watched.deployment.settings) as another:
            Watch(another, WATCHERS).run(stop, to_the_head=True)
        done.set()

    with closing(WatcherMark(watched.deployment.log.url)) as mark:
        with mark.held(Event()) as held:
            assert held
            waiting = Thread(target=second)
            waiting.start()
            assert not done.wait(0.6)
        mark.close()
        assert done.wait(20)
    waiting.join()


def test_it_waits_until_the_read_models_have_folded_what_it_looks_at(tmp_path: Path) -> None:
    with Deployment(Settings(home=tmp_path)) as deployment:
        found = Watched(deployment)
        found.watch()
        deployment.desk.record([*acme(), trouble(), again(), wrote(SECOND)])
        found.watch()

        assert len(suspicions(found)) == 1


def test_a_paused_read_model_is_waited_for(tmp_path: Path) -> None:
    stop = Event()
    with Deployment(Settings(home=tmp_path)) as deployment:
        found = Watched(deployment)
        found.watch()
        deployment.decisions.pause("timeline", "tests")
        deployment.desk.record([*acme(), trouble(), again()])

        waiting = Thread(target=lambda: Watch(deployment, WATCHERS).run(stop))
        waiting.start()
        waiting.join(1.0)
        assert waiting.is_alive()
        assert suspicions(found) == []
        stop.set()
        waiting.join()
        deployment.decisions.resume("timeline")
        found.watch()

        assert len(suspicions(found)) == 1


def killed_at(place: str, settings: Settings) -> int:
    """Let a process watch that is killed at *place*; return how it ended."""
    return subprocess.run(
        [sys.executable, "-c", WATCHING, f"{place}=kill"],
        env={**os.environ, **settings.environment()},
        cwd=PROJECT,
        check=False,
        stdout=subprocess.DEVNULL,
    ).returncode


def told(watched: Watched) -> dict[str, Any]:
    return status(watched.deployment.log)


def test_how_it_stands_is_told(watched: Watched) -> None:
    watched.tell(*acme(), trouble())
    head = watched.deployment.log.head()
    found = told(watched)
    assert (found["state"], found["held_by"]) == ("stopped", None)
    assert (found["position"], found["lag_events"], found["failed"]) == (0, head, 0)
    assert found["lag_seconds"] > 0

    watched.watch()
    with closing(WatcherMark(watched.deployment.log.url)) as mark, mark.held(Event(), "one:1"):
        found = told(watched)
        mark.failed("duplicates", 7, "LookupError: out of sight")
        ill = told(watched)

    assert (found["state"], found["held_by"], found["lag_events"]) == ("running", "one:1", 0)
    assert (ill["state"], ill["failed"]) == ("degraded", 1)
    assert "7, LookupError: out of sight" in ill["reason"]


def test_one_that_hangs_says_so_by_its_silence(watched: Watched) -> None:
    with closing(WatcherMark(watched.deployment.log.url)) as mark, mark.held(Event(), "one:1"):
        heartbeat.prepare(mark.database)
        beat = Beat("watcher", "one:1", "running", "", 0, 0.0, 7.0)
        heartbeat.write(mark.database, beat)

        found = told(watched)

    assert (found["state"], "no sign of life" in found["reason"]) == ("stopped", True)


def test_the_process_watches_until_it_is_told_to_stop(watched: Watched) -> None:
    stop = Event()
    serving = Thread(target=serve_watcher, args=(watched.deployment.settings, stop))
    serving.start()
    try:
        watched.tell(*acme(), trouble(), again())
        assert eventually(lambda: len(suspicions(watched)) == 1)
        assert eventually(lambda: told(watched)["state"] == "running"), told(watched)
    finally:
        stop.set()
        serving.join()

    assert told(watched)["held_by"] is None
    (beat,) = heartbeat.read(watched.deployment.log.database, "watcher")
    assert (beat.state, beat.detail) == ("stopped", "")


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while not (done := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return done
