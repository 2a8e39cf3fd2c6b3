"""One history, however it was written and whichever way it came: the same rows everywhere."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, Final

import psycopg
import pytest

from services.catalogue import PROJECTIONS
from services.config import Settings
from services.control import Control, Keyring
from services.decisions import Decisions
from services.desk import Desk
from services.feed import StoreFeed
from services.projector import Projector
from services.readmodel import ReadModels
from services.rebuild import dump
from tests.broker.deployed import Deployed, eventually, history

pytestmark = pytest.mark.broker

WRITERS: Final = 8
LINGERING: Final = 3
"""How many of them keep a transaction open when its rows are written."""

LINGER: Final = """
CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('application_name') = 'lingering' THEN
        PERFORM pg_sleep(random() * 0.03);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON company_heads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger();
CREATE CONSTRAINT TRIGGER linger_again AFTER UPDATE ON company_heads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger();
"""
"""A deferred trigger runs at the commit: everything is written, and nobody else sees it yet."""


@pytest.mark.parametrize("each", [102, pytest.param(2_004, marks=pytest.mark.slow)])
def test_what_eight_wrote_at_once_is_live_as_it_is_rebuilt_event_by_event(
    kafka: str, postgres: str, tmp_path: Path, each: int
) -> None:
    settings = Settings(
        home=tmp_path, kafka=kafka, store=postgres, read_models=postgres, control=postgres
    )
    deployed = Deployed(settings)
    events = history(companies=6, tickets=WRITERS, messages=each // 6)
    first = 6 + 6 + 6 * WRITERS
    with deployed.opened:
        deployed.create_topics()
        deployed.report(events[:first])
        with psycopg.connect(postgres) as database:
            database.execute(LINGER)
        with deployed.at_work("relay", *PROJECTIONS), embedded(deployed) as live:
            write_at_once(deployed, events[first:])
            head = deployed.desk.store.head()
            assert all(deployed.has_arrived(name, head) for name in PROJECTIONS)
            assert eventually(lambda: stands(live) == head)

        assert head == len(events)
        rebuilt = f"sqlite:///{tmp_path}/rebuilt.db"
        with closing(ReadModels(rebuilt)) as aside:
            Projector(*parts(deployed, aside)).catch_up()
            wanted = lines(aside)
        assert lines(live) == wanted
        assert lines(deployed.models) == wanted
        for models in (live, deployed.models):
            assert told(models) == [
                (row.position, row.company_id, row.company_seq)
                for row in deployed.rows()
                if row.company_id
            ]


def write_at_once(deployed: Deployed, events: Sequence[dict[str, Any]]) -> None:
    """Let each writer report what happened to its tickets, one of each company."""
    together = Barrier(WRITERS)

    def write(number: int) -> int:
        mine = [each for each in events if each["subject"].endswith(f"-{number}")]
        url = deployed.settings.store
        if number < LINGERING:
            url += "?application_name=lingering"
        with closing(Control(deployed.settings.control)) as control:
            desk = Desk(url, control, Keyring(control))
            writer = Deployed(deployed.settings)
            writer.__dict__["desk"] = desk
            with closing(desk):
                together.wait()
                writer.report(mine, chunk=1 + number)
        return len(mine)

    with ThreadPoolExecutor(WRITERS) as writers:
        assert sum(writers.map(write, range(WRITERS))) == len(events)


def parts(deployed: Deployed, models: ReadModels) -> Any:
    feed = StoreFeed(deployed.desk.store, Keyring(deployed.control))
    return feed, models, Decisions(deployed.control), PROJECTIONS.values()


@contextmanager
def embedded(deployed: Deployed) -> Iterator[ReadModels]:
    """Follow the store without a bus, in a database of its own."""
    with closing(ReadModels(f"sqlite:///{deployed.settings.home}/live.db")) as models:
        projector = Projector(*parts(deployed, models))
        thread = Thread(target=projector.follow)
        thread.start()
        try:
            yield models
        finally:
            projector.stop()
            thread.join()


def stands(models: ReadModels) -> int:
    """Say where the slowest embedded projection stands."""
    marks = [models.marks(models.view(found)) for found in PROJECTIONS.values()]
    return min(max((m.position for m in each.values()), default=0) for each in marks)


def lines(models: ReadModels) -> dict[str, list[bytes]]:
    """Write out every row of every projection."""
    return {name: [*dump(models.view(found))] for name, found in PROJECTIONS.items()}


def told(models: ReadModels) -> list[tuple[int, str, int]]:
    """List the events on the timeline, one after the other."""
    view = models.view(PROJECTIONS["timeline"])
    return view.all("SELECT position, company_id, company_seq FROM {entries} ORDER BY position")
