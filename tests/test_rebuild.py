"""Projecting and building anew: live equals rebuilt, whoever projects, wherever it is kept."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from domain.events import Logged
from projections.projection import Projection, View
from projections.timeline import timeline
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.deployment import Deployment
from services.projector import Projector, Unfoldable, fold
from services.readmodel import EMBEDDED, Fenced, Mark, ReadModels
from services.rebuild import Rebuilder, digest
from services.sample import STORY
from services.wire import read_cloud_event

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)]


@pytest.fixture
def longcase(tmp_path: Path) -> Iterator[Deployment]:
    """A store that holds the sample's story, nothing projected yet."""
    with Deployment(Settings(home=tmp_path / "home")) as deployment:
        for line in STORY.read_bytes().splitlines():
            deployment.desk.record([read_cloud_event(line, deployment.desk.resolve)])
        yield deployment


@pytest.fixture(params=ENGINES)
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadModels]:
    """Empty read models on either database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'models.db'}"
    else:
        url = request.getfixturevalue("postgres")
    found = ReadModels(url)
    yield found
    found.close()


def projector(longcase: Deployment, models: ReadModels) -> Projector:
    return Projector(longcase.feed, models, PROJECTIONS.values())


def rebuilder(longcase: Deployment, models: ReadModels) -> Rebuilder:
    return Rebuilder(longcase.feed, models, longcase.log.head)


def digests(models: ReadModels) -> dict[str, str]:
    return {name: digest(models.view(p)) for name, p in PROJECTIONS.items()}


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_rebuild_gives_the_tables_that_were_live(
    longcase: Deployment, models: ReadModels, name: str
) -> None:
    projector(longcase, models).catch_up()
    before = digest(models.view(PROJECTIONS[name]))

    verdict = rebuilder(longcase, models).verify(PROJECTIONS[name])
    position = rebuilder(longcase, models).rebuild(PROJECTIONS[name])

    assert verdict.agrees
    assert position == longcase.log.head()
    assert digest(models.view(PROJECTIONS[name])) == before


def test_both_databases_hold_the_same_bytes(longcase: Deployment, models: ReadModels) -> None:
    projector(longcase, models).catch_up()
    longcase.catch_up()

    assert digests(models) == digests(longcase.models)


def test_verify_sees_one_changed_letter(longcase: Deployment, models: ReadModels) -> None:
    projector(longcase, models).catch_up()
    view = models.view(PROJECTIONS["directory"])
    view.run("UPDATE {companies} SET name = 'Acme Broadcasd' WHERE company_id = 'acme-broadcast'")

    assert not rebuilder(longcase, models).verify(PROJECTIONS["directory"]).agrees


def test_many_projectors_at_once_fold_each_event_once(
    longcase: Deployment, models: ReadModels
) -> None:
    threads = [threading.Thread(target=projector(longcase, models).catch_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    projector(longcase, models).catch_up()  # whoever lost the last race has gone
    assert all(rebuilder(longcase, models).verify(p).agrees for p in PROJECTIONS.values())


def test_a_page_that_another_process_folded_is_not_folded_again(
    longcase: Deployment, models: ReadModels
) -> None:
    view = models.view(timeline, longcase.feed.history)
    page = longcase.feed.page(0, 10)
    fold(models, view, None, page)
    before = digest(view)

    with pytest.raises(Fenced):
        fold(models, view, None, page)

    assert digest(view) == before
    assert models.marks(view)[EMBEDDED] == Mark(page[-1].position)


def test_an_interrupted_rebuild_leaves_the_old_tables_and_is_cleaned_up(
    longcase: Deployment, models: ReadModels
) -> None:
    projector(longcase, models).catch_up()
    before = digest(models.view(timeline))

    def interrupt(position: int, target: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuilder(longcase, models).rebuild(timeline, interrupt)

    assert digest(models.view(timeline)) == before
    rebuilder(longcase, models).rebuild(timeline)
    assert digest(models.view(timeline)) == before
    statuses = models.database.execute("SELECT status FROM generations WHERE name = 'timeline'")
    assert sorted(statuses) == [("live",), ("old",)]


def test_readers_see_whole_tables_while_a_rebuild_swaps(
    longcase: Deployment, models: ReadModels
) -> None:
    projector(longcase, models).catch_up()
    whole = models.view(timeline).all("SELECT count(*) FROM {entries}")
    seen, done = [], threading.Event()

    def read() -> None:
        reader = ReadModels(models.url)
        while not done.is_set():
            seen.append(reader.view(timeline).all("SELECT count(*) FROM {entries}"))
        reader.close()

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(5):
        rebuilder(longcase, models).rebuild(timeline)
    done.set()
    thread.join()

    assert len(seen) > 10
    assert all(count == whole for count in seen)


def test_a_projection_of_an_older_version_is_built_anew_at_the_start(
    longcase: Deployment,
) -> None:
    longcase.catch_up()
    before = digest(longcase.models.view(timeline))
    longcase.models.database.execute("UPDATE generations SET version = 0 WHERE name = 'timeline'")

    longcase.catch_up()

    assert longcase.models.version(timeline) == timeline.version
    assert digest(longcase.models.view(timeline)) == before


def test_an_event_that_cannot_be_folded_stops_the_projection_before_it(
    longcase: Deployment, models: ReadModels
) -> None:
    bad = longcase.feed.page(0, 100)[57].position

    def stumble(view: View, page: Sequence[Logged]) -> None:
        if any(logged.position == bad for logged in page):
            raise ValueError("no such luck")
        timeline.apply(view, page)

    poisoned: Projection = replace(timeline, apply=stumble)
    with pytest.raises(Unfoldable, match=f"timeline cannot fold position {bad} "):
        Projector(longcase.feed, models, [poisoned]).catch_up()

    view = models.view(timeline)
    assert models.marks(view)[EMBEDDED].position == bad - 1
    assert view.all("SELECT max(position) FROM {entries}")[0][0] < bad

    Projector(longcase.feed, models, [timeline]).catch_up()  # once it can be folded, on it goes
    assert rebuilder(longcase, models).verify(timeline).agrees
