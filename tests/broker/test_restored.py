"""An older history was restored, and the topics still hold what it has lost: docs/operations.md."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from threading import Event

import psycopg
import pytest

from services.backup import backup
from services.bus import TopicRefused, brokers_of
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.relay import republish
from services.restore import restore
from tests.broker.deployed import Deployed, eventually, history

pytestmark = pytest.mark.broker


@pytest.fixture
def emptied(on_either: Deployed, tmp_path: Path) -> Iterator[Deployed]:
    """The same deployment once its databases are lost and its backup is restored."""
    events = history(companies=4, tickets=3, messages=6)
    on_either.report(events[:40])
    backup(on_either.settings, tmp_path / "backup")
    head = on_either.report(events[40:])
    with on_either.at_work("relay"):
        assert eventually(lambda: on_either.relayed() == head)
    settings = on_either.settings
    on_either.opened.close()
    if settings.store.startswith("sqlite:"):
        settings = Settings(home=tmp_path / "other", kafka=settings.kafka)
    else:
        with closing(psycopg.connect(settings.store, autocommit=True)) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    restore(settings, tmp_path / "backup")
    deployed = Deployed(settings, on_either.topics)
    with deployed.opened:
        yield deployed


def test_the_relay_refuses_topics_of_a_longer_history_until_they_are_made_anew(
    emptied: Deployed,
) -> None:
    topics = emptied.topics
    with pytest.raises(TopicRefused, match="what this store did not record"):
        emptied.serve("relay", Event())

    for topic in (topics.events, topics.reads, topics.public):
        emptied.make_anew(topic)
    republish(emptied.settings.store, brokers_of(emptied.settings), topics)
    head = emptied.report(history(companies=4, tickets=3, messages=7)[40:])
    with emptied.at_work("relay", *PROJECTIONS):
        assert all(emptied.has_arrived(name, head) for name in PROJECTIONS)

    assert sorted(chain(*emptied.published(topics.events))) == emptied.rows()
    assert emptied.digests() == emptied.embedded_digests()
