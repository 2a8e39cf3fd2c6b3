"""The state of streams is kept, read anew, caught up with, and never changed by who looks."""

import pytest

from domain.events import TYPES
from domain.ticket import Ticket
from services.desk import Desk
from services.desk.streams import KINDS, Streams
from services.store import Log
from tests.conftest import OpenDesk
from tests.reports import TICKET, opened, registered, replied, statuses, wrote

STREAM = f"ticket/{TICKET}"


@pytest.fixture
def at_acme(desk: Desk) -> Desk:
    """A desk that knows Acme, its ticket with two messages, and another ticket."""
    desk.record([registered(), opened(), wrote(), wrote(), opened("TCK-2")])
    return desk


class CountingLog(Log):
    """A log that counts how often it is asked for streams."""

    asked = 0

    def of_streams(self, *streams: object) -> object:  # type: ignore[override]
        """List the events of several streams at once."""
        self.asked += 1
        return super().of_streams(*streams)  # type: ignore[arg-type]


def test_every_kind_of_event_has_an_aggregate() -> None:
    assert {model.stream_kind() for model in TYPES.values()} == set(KINDS)


def test_the_streams_of_a_batch_are_read_at_once_and_then_kept(at_acme: Desk) -> None:
    log = CountingLog(at_acme.store.url)
    streams = Streams(log)

    streams.gather([STREAM, "ticket/TCK-2", "ticket/none", STREAM])
    found = [streams.find(stream).version for stream in (STREAM, "ticket/TCK-2", "ticket/none")]

    assert (found, log.asked) == ([3, 1, 0], 1)
    log.close()


def test_what_others_recorded_is_caught_up_with(at_acme: Desk, open_desk: OpenDesk) -> None:
    streams = Streams(at_acme.store)
    before = streams.find(STREAM)
    assert not streams.catch_up([STREAM])

    open_desk().record([replied(), wrote()])

    assert streams.catch_up([STREAM])
    assert vars(streams.find(STREAM)) == vars(streams.load(STREAM))
    assert (before.version, streams.find(STREAM).version) == (3, 5)


def test_those_that_were_not_asked_for_longest_are_let_go(at_acme: Desk) -> None:
    log = CountingLog(at_acme.store.url)
    streams = Streams(log, kept=2)
    streams.gather([STREAM, "ticket/TCK-2", "company/acme"])
    streams.find(STREAM)

    streams.keep({})
    streams.find(STREAM)
    streams.find("company/acme")
    assert log.asked == 1
    streams.find("ticket/TCK-2")

    assert log.asked == 2
    log.close()


def test_a_desk_that_keeps_nothing_decides_the_same(open_desk: OpenDesk) -> None:
    forgetful = open_desk(kept=0)

    for report in (registered(), opened(), wrote(), replied(), wrote()):
        assert forgetful.record([report])[0].status == "accepted"

    ticket = forgetful.streams.load(STREAM)
    assert isinstance(ticket, Ticket)
    assert (ticket.version, ticket.messages, ticket.replies) == (4, 2, 1)


def test_what_is_opened_is_taken_for_new_until_the_append_knows_better(
    at_acme: Desk, open_desk: OpenDesk
) -> None:
    other = open_desk()

    receipts = other.record([opened(), opened("TCK-3"), registered()])

    assert statuses(receipts) == ["already-opened", "accepted", "already-registered"]
    assert other.streams.find(STREAM).version == at_acme.streams.find(STREAM).version == 3
