"""Long histories: put in order without being opened, and replayed from a checkpoint."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from projections import replay
from projections.ticket_folding import EVERY
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.deployment import Deployment
from services.feed import opened
from services.history import read_history
from services.reading import Reading
from services.rebuild import digest
from services.security import Identity
from services.stored_events import Events
from tests.reports import ACME, MONDAY, TICKET, merged, noted, registered, replied, wrote
from tests.reports import opened as ticket_opened

STREAM = f"ticket/{TICKET}"
AGENT = Identity("mia", frozenset(("agent",)))
AUDITOR = Identity("ann", frozenset(("auditor",)))
CUSTOMER = Identity("jan", frozenset(("customer",)), frozenset((ACME,)))
LENGTH = EVERY * 2 + 40


@pytest.fixture
def longcase(home: Path, store_url: str) -> Iterator[Deployment]:
    """A long ticket: every message a minute after the one before, some notes restricted."""
    with Deployment(Settings(home=home / "home", store=store_url)) as deployment:
        deployment.desk.record([registered(), ticket_opened(imported=True)])
        said = [_said(number) for number in range(1, LENGTH)]
        for start in range(0, len(said), 500):
            deployment.desk.record(said[start : start + 500])
        yield deployment


def _said(number: int, **known: Any) -> Any:
    say = (wrote, replied, noted)[number % 3]
    known = {"at": MONDAY + timedelta(minutes=number), "imported": True, **known}
    if number % 50 == 0:
        known["visibility"] = "restricted"
    return say(**known)


def _steps(longcase: Deployment, who: Identity, first: int, count: int) -> list[replay.Step]:
    read = Reading(longcase, who)
    return list(read.walk(read.history(STREAM), first, count))


def _from_the_start(longcase: Deployment, who: Identity, first: int) -> list[bytes]:
    read = Reading(longcase, who)
    history = read.history(STREAM)
    return [step.document for step in replay.replay(list(history.events), history.reader)][
        first - 1 :
    ]


def test_places_are_in_the_order_of_happening_whatever_came_late(longcase: Deployment) -> None:
    late = [_said(LENGTH + n, at=MONDAY + timedelta(minutes=5)) for n in range(3)]
    longcase.desk.record(late)
    rows = longcase.log.of_stream(STREAM)

    ordered = sorted(opened(rows, longcase.keyring), key=lambda logged: logged.happened)

    longcase.catch_up()
    view = longcase.models.view(PROJECTIONS["tickets"])
    reader = Reading(longcase, AUDITOR).reader()
    history = read_history(longcase.log, longcase.keyring, reader, [STREAM], view=view, upto=None)
    assert history
    assert list(history.events) == ordered
    assert [history.events[n] for n in (0, 7, -1)] == [ordered[n] for n in (0, 7, -1)]
    assert list(history.events[5:9]) == ordered[5:9]
    assert history.position == rows[-1].position
    assert history.ordinal(str(ordered[6].event.event_id)) == 7
    assert history.ordinal("") is None


@pytest.mark.parametrize("who", [AGENT, AUDITOR, CUSTOMER], ids=lambda who: who.name)
def test_a_replay_from_a_checkpoint_is_the_replay_from_the_start(
    longcase: Deployment, who: Identity
) -> None:
    longcase.catch_up()
    total = len(Reading(longcase, who).history(STREAM).events)

    for first in (1, EVERY, EVERY + 1, total - 3):
        taken_up = _steps(longcase, who, first, total)
        assert [step.document for step in taken_up] == _from_the_start(longcase, who, first)
        assert [step.ordinal for step in taken_up] == list(range(first, total + 1))


def test_a_replay_begins_at_the_last_checkpoint_before_its_first_step(
    longcase: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    longcase.catch_up()
    read = Reading(longcase, AUDITOR)
    history = read.history(STREAM)
    looked_at: list[int] = []
    look = Events.stored

    def noted_look(events: Events) -> Any:
        looked_at.append(len(events))
        return look(events)

    monkeypatch.setattr(Events, "stored", noted_look)
    assert list(read.walk(history, LENGTH, 1))

    assert looked_at == [LENGTH - 2 * EVERY]


def test_what_came_late_and_is_not_folded_yet_is_in_the_replay_all_the_same(
    longcase: Deployment,
) -> None:
    longcase.catch_up()
    longcase.desk.record([_said(LENGTH, at=MONDAY + timedelta(minutes=5))])

    (last,) = _steps(longcase, AUDITOR, LENGTH + 1, 1)

    assert last.document == _from_the_start(longcase, AUDITOR, LENGTH + 1)[0]


def test_a_replay_as_known_then_needs_no_checkpoint_of_now(longcase: Deployment) -> None:
    longcase.desk.record([_said(LENGTH, at=MONDAY + timedelta(minutes=5))])
    longcase.catch_up()
    before = longcase.log.head() - 1

    (last,) = Reading(longcase, AUDITOR).replay(STREAM, LENGTH, known_at=before)

    assert last.state["counts"]["events"] == LENGTH
    assert last.position == before


def test_checkpoints_are_the_same_whatever_came_late_and_however_it_was_paged(
    longcase: Deployment,
) -> None:
    projection = PROJECTIONS["tickets"]
    longcase.catch_up()
    longcase.desk.record([_said(LENGTH, at=MONDAY + timedelta(minutes=5))])
    longcase.catch_up()
    live = digest(longcase.models.view(projection))

    longcase.rebuilder.rebuild(projection)

    assert digest(longcase.models.view(projection)) == live
    rows = longcase.models.view(projection).all("SELECT step FROM {checkpoints} ORDER BY step")
    assert rows == [(EVERY,), (2 * EVERY,)]


@pytest.mark.parametrize("who", [AGENT, AUDITOR], ids=lambda who: who.name)
def test_a_long_ticket_with_others_in_it_is_taken_up_from_the_checkpoints_of_each(
    longcase: Deployment, who: Identity
) -> None:
    later = MONDAY + timedelta(days=2)
    longcase.desk.record([ticket_opened("T-2", imported=True, at=MONDAY)])
    longcase.desk.record(
        [noted("T-2", at=MONDAY + timedelta(minutes=n), imported=True) for n in range(EVERY + 9)]
    )
    longcase.desk.record([merged("T-2", TICKET, at=later, imported=True)])
    longcase.desk.record([noted(TICKET, at=later + timedelta(minutes=1), imported=True)])
    longcase.catch_up()
    read = Reading(longcase, who)
    history = read.history(STREAM)
    total = len(history.events)
    whole = list(replay.replay(list(history.events), history.reader, ticket_id=TICKET))

    for first in (EVERY - 5, EVERY * 2 + 90, total - 2, total):
        steps = list(Reading(longcase, who).steps(history, first, 2))
        assert [
            (step.ordinal, step.document, sorted(step.others), step.whole) for step in steps
        ] == [
            (step.ordinal, step.document, sorted(step.others), step.whole)
            for step in whole[first - 1 : first + 1]
        ]
    assert whole[-1].whole["absorbed"] == ["T-2"]
