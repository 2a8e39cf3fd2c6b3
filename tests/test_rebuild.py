"""Projecting and building anew: live equals rebuilt, whoever projects, wherever it is kept."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.timeline import timeline
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.deployment import Deployment
from services.folding import Folder, Page
from services.projector import Projector, history_of
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
    return Projector(longcase.feed, models, longcase.decisions, PROJECTIONS.values())


def rebuilder(longcase: Deployment, models: ReadModels) -> Rebuilder:
    return Rebuilder(longcase.feed, models, longcase.decisions, longcase.log.head)


def digests(models: ReadModels) -> dict[str, str]:
    return {name: digest(models.view(p)) for name, p in PROJECTIONS.items()}


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_rebuild_gives_the_tables_that_were_live(
    longcase: Deployment, models: ReadModels, name: str
) -> None:
    projector(longcase, models).catch_up()
    before = digest(models.view(PROJECTIONS[name]))

    verdict = rebuilder(longcase, models).verify(PROJECTIONS[name])
    built = rebuilder(longcase, models).rebuild(PROJECTIONS[name])

    assert verdict.agrees
    assert (built.position, built.is_live) == (longcase.log.head(), True)
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
    view = models.view(timeline, history_of(longcase.feed, longcase.decisions, timeline))
    steps = longcase.feed.steps(0, 10)
    page = Page(EMBEDDED, None, Mark(steps[-1].row.position), steps)
    folder = Folder(models, longcase.decisions)
    folder.fold(view, [page])
    before = digest(view)

    with pytest.raises(Fenced):
        folder.fold(view, [page])

    assert digest(view) == before
    assert models.marks(view)[EMBEDDED] == page.new


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


def test_what_was_never_projected_can_be_built(longcase: Deployment, models: ReadModels) -> None:
    built = rebuilder(longcase, models).rebuild(timeline)

    assert (built.position, built.is_live) == (longcase.log.head(), True)
    assert rebuilder(longcase, models).verify(timeline).agrees
