"""Parked events: one that cannot be folded holds up its own ticket, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from domain.events import Logged
from projections.projection import Projection, View
from projections.tickets import tickets
from projections.timeline import timeline
from services import parking
from services.deployment import Deployment
from services.folding import Folder, Page
from services.parking import Parking, ParkingFull
from services.projector import Projector, history_of
from services.readmodel import EMBEDDED, Mark, ReadModels
from services.rebuild import NotBetter, NotThere, Rebuilder, bring_to_version, digest
from services.retry import Retrier
from services.wire import read_cloud_event
from tests.test_rebuild import longcase, models

__all__ = ["longcase", "models"]

NEWS = b"""{"specversion": "1.0", "type": "company.registered", "source": "crm", "id": "n1",
"time": "2026-11-03T14:02:00Z", "subject": "company/news", "data": {"name": "News"}}"""
REASON = "ValueError: no such luck"


class Clumsy:
    """A projection that cannot fold some positions, until it is mended."""

    def __init__(self, sound: Projection, *bad: int) -> None:
        self.sound, self.bad = sound, set(bad)
        self.projection = replace(sound, apply=self._apply)

    def _apply(self, view: View, page: Sequence[Logged]) -> None:
        self.sound.apply(view, page)  # a failure leaves nothing of it
        if any(logged.position in self.bad for logged in page):
            raise ValueError("no such luck")


@pytest.fixture
def bad(longcase: Deployment) -> int:
    """The position of the third event of the story's longest ticket."""
    rows = longcase.log.after(0, 1_000)
    streams = [row.stream_id for row in rows if row.stream_id.startswith("ticket/")]
    longest = max(set(streams), key=lambda stream: (streams.count(stream), stream))
    return [row.position for row in rows if row.stream_id == longest][2]


@pytest.fixture(params=["timeline", "tickets"])
def clumsy(request: pytest.FixtureRequest, bad: int) -> Clumsy:
    return Clumsy({"timeline": timeline, "tickets": tickets}[request.param], bad)


def fold(longcase: Deployment, models: ReadModels, projection: Projection) -> int:
    return Projector(longcase.feed, models, longcase.decisions, [projection]).catch_up()


def retrier(longcase: Deployment, models: ReadModels) -> Retrier:
    return Retrier(longcase.feed, models, longcase.decisions)


def rebuilder(longcase: Deployment, models: ReadModels) -> Rebuilder:
    return Rebuilder(longcase.feed, models, longcase.decisions, longcase.log.head)


def sound_digest(longcase: Deployment, tmp_path: Path, projection: Projection) -> str:
    """The digest of read models of their own, which could fold everything."""
    aside = ReadModels(f"sqlite:///{tmp_path / 'sound.db'}")
    fold(longcase, aside, projection)
    return digest(aside.view(projection))


def later(longcase: Deployment, bad: int) -> list[int]:
    """The bad event of a ticket and those after it."""
    row = longcase.log.at(bad)
    assert row
    return [r.position for r in longcase.log.of_stream(row.stream_id) if r.position >= bad]


def test_a_poisoned_ticket_waits_and_all_others_go_on(
    longcase: Deployment, models: ReadModels, bad: int
) -> None:
    clumsy = Clumsy(timeline, bad)

    assert fold(longcase, models, clumsy.projection) == longcase.log.head()

    view = models.view(timeline)
    waiting = Parking(models).all(view)
    assert [each.position for each in waiting] == later(longcase, bad)
    assert [each.reason for each in waiting] == [REASON] + [""] * (len(waiting) - 1)
    shown = {position for (position,) in view.all("SELECT position FROM {entries}")}
    of_companies = {row.position for row in longcase.log.after(0, 1_000) if row.company_id}
    assert shown == of_companies - set(later(longcase, bad))


def test_once_mended_and_retried_it_is_as_if_nothing_had_been(
    longcase: Deployment, models: ReadModels, clumsy: Clumsy, tmp_path: Path
) -> None:
    fold(longcase, models, clumsy.projection)
    clumsy.bad.clear()

    [outcome] = retrier(longcase, models).retry(clumsy.projection)

    assert (outcome.left, outcome.reason) == (0, "")
    assert Parking(models).count(models.view(clumsy.sound)) == 0
    assert digest(models.view(clumsy.sound)) == sound_digest(longcase, tmp_path, clumsy.sound)


def test_a_retry_in_vain_says_why_and_changes_nothing(
    longcase: Deployment, models: ReadModels, clumsy: Clumsy, bad: int
) -> None:
    fold(longcase, models, clumsy.projection)
    before = digest(models.view(clumsy.sound))

    [outcome] = retrier(longcase, models).retry(clumsy.projection)

    assert (outcome.folded, outcome.left) == (0, len(later(longcase, bad)))
    assert outcome.reason == REASON
    assert Parking(models).all(models.view(clumsy.sound))[0].attempts == 2
    assert digest(models.view(clumsy.sound)) == before


def test_a_retry_stops_at_the_next_event_that_cannot_be_folded(
    longcase: Deployment, models: ReadModels, bad: int
) -> None:
    positions = later(longcase, bad)
    clumsy = Clumsy(timeline, bad, positions[3])
    fold(longcase, models, clumsy.projection)
    clumsy.bad.discard(bad)

    [outcome] = retrier(longcase, models).retry(clumsy.projection)

    assert (outcome.folded, outcome.left) == (3, len(positions) - 3)
    waiting = Parking(models).all(models.view(timeline))
    assert (waiting[0].position, waiting[0].reason) == (positions[3], REASON)


def test_a_skipped_event_is_left_out_by_every_rebuild(
    longcase: Deployment, models: ReadModels, clumsy: Clumsy, bad: int
) -> None:
    fold(longcase, models, clumsy.projection)
    longcase.decisions.skip(clumsy.sound.name, bad, "a robot sent it", "local:ann")

    [outcome] = retrier(longcase, models).retry(clumsy.projection)

    assert (outcome.left, outcome.reason) == (0, "")
    before = digest(models.view(clumsy.sound))
    clumsy.bad.clear()
    assert rebuilder(longcase, models).verify(clumsy.sound).agrees
    assert rebuilder(longcase, models).rebuild(clumsy.projection).is_live
    assert digest(models.view(clumsy.sound)) == before


def test_what_comes_later_to_a_waiting_ticket_waits_behind(
    longcase: Deployment, models: ReadModels, bad: int
) -> None:
    clumsy = Clumsy(timeline, bad)
    steps = longcase.feed.steps(0, 1_000)
    cut = next(i for i, step in enumerate(steps) if step.row.position == bad) + 1
    view = models.view(clumsy.projection, history_of(longcase.feed, longcase.decisions, timeline))
    folder, half = Folder(models, longcase.decisions), Mark(steps[cut - 1].row.position)
    folder.fold(view, [Page(EMBEDDED, None, half, steps[:cut])])
    clumsy.bad.clear()  # mended, but not retried

    folder.fold(view, [Page(EMBEDDED, half, Mark(steps[-1].row.position), steps[cut:])])

    assert [e.position for e in folder.parking.all(view)] == later(longcase, bad)


def test_an_event_that_cannot_be_read_is_parked_too(
    longcase: Deployment, models: ReadModels, bad: int
) -> None:
    longcase.desk.store.database.execute(
        "UPDATE stored_events SET state = CAST('{' AS BLOB) WHERE rowid = ?", (bad,)
    )

    fold(longcase, models, timeline)

    [first, *behind] = Parking(models).all(models.view(timeline))
    assert first.position == bad
    assert first.reason.startswith("InvalidReport: stored ticket.")
    assert [each.position for each in behind] == later(longcase, bad)[1:]


def test_a_projection_that_can_fold_nothing_stops_before_it_parks_the_world(
    longcase: Deployment, models: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "FULL", 20)
    everything = Clumsy(timeline, *(row.position for row in longcase.log.after(0, 1_000)))
    view = models.view(timeline)
    steps = longcase.feed.steps(0, 1_000)

    with pytest.raises(ParkingFull, match="more than 20 parked events"):
        Folder(models, longcase.decisions).fold(
            everything.projection.view(models.database, view.generation),
            [Page(EMBEDDED, None, Mark(steps[-1].row.position), steps)],
        )

    stood = models.marks(view)[EMBEDDED].position
    assert 0 < stood < longcase.log.head()
    assert 0 < Parking(models).count(view) <= 20
    assert fold(longcase, models, everything.projection) == stood  # and stands there
    [*_, last] = Parking(models).all(view)
    assert last.position <= stood


def test_a_rebuild_that_is_worse_than_what_is_read_waits_to_be_promoted(
    longcase: Deployment, models: ReadModels, bad: int
) -> None:
    fold(longcase, models, timeline)
    before = digest(models.view(timeline))

    built = rebuilder(longcase, models).rebuild(Clumsy(timeline, bad).projection)

    assert (built.is_live, built.parked) == (False, len(later(longcase, bad)))
    assert digest(models.view(timeline)) == before
    assert rebuilder(longcase, models).promote(timeline).is_live
    assert digest(models.view(timeline)) != before
    rebuilder(longcase, models).rollback(timeline)
    assert digest(models.view(timeline)) == before


def test_a_new_version_that_is_worse_is_not_taken(
    longcase: Deployment, models: ReadModels, bad: int
) -> None:
    fold(longcase, models, timeline)
    newer = replace(Clumsy(timeline, bad).projection, version=timeline.version + 1)

    with pytest.raises(NotBetter, match=f"version {newer.version} of timeline cannot fold"):
        bring_to_version(newer, rebuilder(longcase, models), models)

    assert models.version(timeline) == timeline.version


def test_what_is_held_is_promoted_and_catches_up_first(
    longcase: Deployment, models: ReadModels
) -> None:
    fold(longcase, models, timeline)
    before = models.view(timeline).generation
    built = rebuilder(longcase, models).rebuild(timeline, hold=True)
    assert not built.is_live
    assert models.view(timeline).generation == before

    held = models.generations(timeline, "built")
    longcase.desk.record([read_cloud_event(NEWS, longcase.desk.resolve)])
    promoted = rebuilder(longcase, models).promote(timeline)

    assert promoted.position == longcase.log.head() > built.position
    assert models.view(timeline).generation == held[0]
    assert rebuilder(longcase, models).verify(timeline).agrees


def test_there_is_nothing_to_promote_or_to_go_back_to_at_first(
    longcase: Deployment, models: ReadModels
) -> None:
    fold(longcase, models, timeline)

    with pytest.raises(NotThere, match="no other timeline: build one by rebuild --hold"):
        rebuilder(longcase, models).promote(timeline)
    with pytest.raises(NotThere, match="no other timeline: none was live before"):
        rebuilder(longcase, models).rollback(timeline)


def test_a_paused_projection_stands_still_and_the_others_go_on(
    longcase: Deployment, models: ReadModels
) -> None:
    both = Projector(longcase.feed, models, longcase.decisions, [timeline, tickets])
    assert longcase.decisions.pause("timeline", "local:ann")
    both.catch_up()

    assert models.marks(models.view(timeline)) == {}
    assert models.marks(models.view(tickets))[EMBEDDED].position == longcase.log.head()

    assert longcase.decisions.resume("timeline")
    assert both.catch_up() == longcase.log.head()
    assert rebuilder(longcase, models).verify(timeline).agrees


def test_decisions_are_seen_by_other_processes(longcase: Deployment) -> None:
    with Deployment(longcase.settings) as other:
        other.decisions.skip("timeline", 7, "twice by mistake", "local:ann")
        other.decisions.pause("tickets", "local:ann")

    assert longcase.decisions.skipped("timeline") == {7}
    assert longcase.decisions.is_paused("tickets")
    [skip] = longcase.decisions.skips("timeline")
    assert (skip.position, skip.reason, skip.decided_by) == (7, "twice by mistake", "local:ann")
    assert not longcase.decisions.pause("tickets", "local:bob")  # it was already
