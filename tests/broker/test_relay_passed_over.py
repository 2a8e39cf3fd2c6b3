"""A read model that was built from the store passes over, on the bus, what it knows."""

from collections.abc import Iterable
from contextlib import closing
from threading import Event, Thread
from typing import Final

import pytest

from services.bus import Follower, Message
from services.catalogue import PROJECTIONS
from services.control import Keyring
from services.decisions import Decisions
from services.feed import StoreFeed
from services.group.sequences import Sequences
from services.readmodel import ReadModels
from services.rebuild import Rebuilder
from tests.broker.deployed import PARTITIONS, Deployed, eventually, fold_as, history

pytestmark = pytest.mark.broker

TICKETS: Final = PROJECTIONS["tickets"]
EVENTS: Final = history(companies=8, tickets=6, messages=20)
COMMIT: Final = 20
LATER: Final = 100
"""How many of them are recorded after the read model was built: some of every company."""


def test_what_the_store_brought_is_not_read_again_from_the_bus(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = count_what_is_read(monkeypatch)
    head = built_from_the_store(deployed)

    fold_until(deployed, head)

    assert LATER <= sum(read) <= LATER + COMMIT  # one commit has one time
    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_one_that_has_everything_has_arrived_though_next_to_nothing_comes(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = count_what_is_read(monkeypatch)
    head = deployed.report(EVENTS, chunk=COMMIT)
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    rebuild(deployed)

    fold_until(deployed, head)

    assert deployed.has_arrived("tickets", head)
    assert deployed.arrival.position(TICKETS) == head
    assert sum(read) <= COMMIT


def test_an_offset_that_lies_too_far_on_is_made_good_from_the_store(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = built_from_the_store(deployed, hide=LATER // 2)
    without_the_guard_of_time(monkeypatch)

    fold_until(deployed, head, EVENTS[-LATER // 2 :])

    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_without_the_proof_by_sequences_events_would_be_missing(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = built_from_the_store(deployed, hide=LATER // 2)
    without_the_guard_of_time(monkeypatch)
    monkeypatch.setattr(Sequences, "complete", lambda self, view, rows: [[row] for row in rows])

    fold_until(deployed, head, EVENTS[-LATER // 2 :])

    assert deployed.digests()["tickets"] != deployed.embedded_digests()["tickets"]


def built_from_the_store(deployed: Deployed, hide: int = 0) -> int:
    """Build the read model before the last events come; publish all but *hide*."""
    deployed.report(EVENTS[:-LATER], chunk=COMMIT)
    rebuild(deployed)
    head = deployed.report(EVENTS[-LATER : len(EVENTS) - hide])
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    return head


def rebuild(deployed: Deployed) -> None:
    decisions = Decisions(deployed.control)
    feed = StoreFeed(deployed.desk.store, Keyring(deployed.control))
    with closing(ReadModels(deployed.settings.read_models)) as models:
        models.view(TICKETS)  # the empty one that is live until then
        Rebuilder(feed, models, decisions, deployed.desk.store.head).rebuild(TICKETS)


def fold_until(deployed: Deployed, head: int, more: list[dict[str, object]] | None = None) -> None:
    """Fold what is on the bus, and what is reported once that is begun."""
    stop = Event()
    member = Thread(target=fold_as, args=(deployed, TICKETS, "one", stop))
    member.start()
    view = deployed.models.view(TICKETS)
    assert eventually(lambda: len(deployed.models.marks(view)) > PARTITIONS)
    with deployed.at_work("relay"):
        head = deployed.report(more) if more else head
        assert eventually(lambda: deployed.relayed() == head)
    assert eventually(lambda: not deployed.arrival.lag(TICKETS))
    stop.set()
    member.join()


def without_the_guard_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin at the ends, whatever stands before them."""

    def ends(self: Follower, parts: Iterable[int], milliseconds: int) -> dict[int, int]:
        return found(self, parts, 2**60)

    found = Follower.offsets_at
    monkeypatch.setattr(Follower, "offsets_at", ends)


def count_what_is_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []

    def poll(self: Follower, limit: int) -> dict[int, list[Message]]:
        found = polled(self, limit)
        counts.append(sum(map(len, found.values())))
        return found

    polled = Follower.poll
    monkeypatch.setattr(Follower, "poll", poll)
    return counts
