"""Topics: made once; another one under the same name is noticed, never skipped."""

from contextlib import closing
from itertools import chain
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest
from kafka import KafkaAdminClient

from services.audit.reads import ReadAudit
from services.bus import TopicRefused, brokers_of, describe, read_tails
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.relay import Relay
from services.security import local
from tests.broker.deployed import PARTITIONS, Deployed, eventually, fold_as, history

pytestmark = pytest.mark.broker

TICKETS: Final = PROJECTIONS["tickets"]


def test_a_topic_made_anew_is_noticed_and_never_skipped(deployed: Deployed) -> None:
    head = deployed.tell_the_story()
    with deployed.at_work("relay", "tickets"):
        assert deployed.has_arrived("tickets", head)

    deployed.make_anew(deployed.topics.events)

    with pytest.raises(TopicRefused, match="made anew"):
        Relay(deployed.settings.store, brokers_of(deployed.settings), deployed.topics).run(Event())
    with pytest.raises(TopicRefused, match="made anew"):
        fold_as(deployed, TICKETS, "again", Event())


def test_a_topic_made_anew_is_noticed_by_those_at_work(deployed: Deployed) -> None:
    events = history(companies=4, tickets=3, messages=6)
    head = deployed.report(events[:-30])
    ends: list[str] = []

    def relay() -> None:
        with pytest.raises(TopicRefused, match="made anew") as refused:
            Relay(deployed.settings.store, brokers_of(deployed.settings), deployed.topics).run(
                Event()
            )
        ends.append(str(refused.value))

    thread = Thread(target=relay)
    thread.start()
    assert eventually(lambda: deployed.relayed() == head)
    deployed.make_anew(deployed.topics.events)
    deployed.report(events[-30:])
    thread.join()

    assert len(ends) == 1
    assert deployed.relayed() == head


def test_another_number_of_partitions_is_refused(deployed: Deployed) -> None:
    head = deployed.tell_the_story()
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        admin.create_partitions({deployed.topics.events: PARTITIONS + 1})

    with pytest.raises(TopicRefused, match="partitions"):
        Relay(deployed.settings.store, brokers_of(deployed.settings), deployed.topics).run(Event())


def test_a_topic_of_another_store_is_refused(deployed: Deployed, tmp_path: Path) -> None:
    head = deployed.tell_the_story()
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    other = Deployed(
        Settings(home=tmp_path / "other", kafka=deployed.settings.kafka), deployed.topics
    )

    with other.opened:
        other.tell_the_story()
        with pytest.raises(TopicRefused, match="another store"):
            Relay(other.settings.store, brokers_of(other.settings), other.topics).run(Event())


def test_the_read_audit_travels_on_a_topic_of_its_own(deployed: Deployed) -> None:
    deployed.tell_the_story()
    ReadAudit(deployed.desk).viewed(local(), "acme-broadcast", position=40, count=50)
    last = deployed.rows()[-1]

    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == last.position)

    assert list(chain(*deployed.published(deployed.topics.reads))) == [last]
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()[:-1]


def test_topics_are_made_once_and_kept_for_ever(deployed: Deployed) -> None:
    made = describe(brokers_of(deployed.settings), [deployed.topics.events, deployed.topics.reads])

    again = deployed.create_topics(partitions=PARTITIONS + 1)

    assert {name: again[name] for name in made} == made
    assert {info.partitions for info in made.values()} == {PARTITIONS}
    assert set(again) == {
        f"{deployed.topics.prefix}.{name}"
        for name in ("events", "reads", "public", "inbox", "inbox.rejected")
    }


def test_the_tail_of_an_empty_partition_is_no_record(deployed: Deployed) -> None:
    tails = read_tails(brokers_of(deployed.settings), deployed.topics.events, PARTITIONS)

    assert tails == dict.fromkeys(range(PARTITIONS), (0, None))
