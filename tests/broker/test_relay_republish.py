"""A topic that was lost is filled again from the store; read models go on by themselves."""

from contextlib import closing
from itertools import chain
from threading import Event, Thread

import pytest
from kafka import KafkaAdminClient

from services.bus import TopicRefused, brokers_of
from services.catalogue import PROJECTIONS
from services.relay import RelayAtWork, Republished, republish
from tests.broker.deployed import PARTITIONS, Deployed, eventually, history

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("partitions", [PARTITIONS, PARTITIONS + 2, PARTITIONS - 1])
def test_read_models_of_a_lost_topic_go_on_with_nothing_doubled_or_lost(
    on_either: Deployed, partitions: int
) -> None:
    deployed = on_either
    events = history(companies=8, tickets=3, messages=8)
    head = deployed.report(events[:120])
    with deployed.at_work("relay", *PROJECTIONS):
        assert all(deployed.has_arrived(name, head) for name in PROJECTIONS)
    deployed.report(events[120:160])  # on neither topic when the first one is lost

    deployed.make_anew(deployed.topics.events, partitions)
    with pytest.raises(TopicRefused, match="longcase relay republish"):
        deployed.serve("relay", Event())
    with pytest.raises(TopicRefused, match="longcase relay republish"):
        deployed.serve("tickets", Event())
    recording = Thread(target=deployed.report, args=(events[160:], 7))
    recording.start()
    done = again(deployed)
    with deployed.at_work("relay", *PROJECTIONS):
        recording.join()
        head = deployed.desk.store.head()
        assert all(deployed.has_arrived(name, head) for name in PROJECTIONS)

    assert done.accepted == [deployed.topics.events]
    assert deployed.digests() == deployed.embedded_digests()
    published = deployed.published(deployed.topics.events)
    assert len(published) == partitions
    assert sorted(chain(*published)) == deployed.rows()


def test_what_is_at_work_notices_and_goes_on_once_all_is_published_again(
    deployed: Deployed,
) -> None:
    events = history(companies=8, tickets=3, messages=8)
    head = deployed.report(events[:150])
    with deployed.at_work("relay"):
        tickets, timeline = deployed.start("tickets"), deployed.start("timeline")
        assert deployed.has_arrived("tickets", head)
        assert deployed.has_arrived("timeline", head)
    timeline.kill()

    deployed.make_anew(deployed.topics.events, PARTITIONS)

    assert b"longcase relay republish" in tickets.communicate()[1]
    assert tickets.returncode != 0
    deployed.report(events[150:])
    again(deployed)
    with deployed.at_work("relay", *PROJECTIONS):
        assert all(deployed.has_arrived(name) for name in PROJECTIONS)
    assert deployed.digests() == deployed.embedded_digests()


def test_a_republish_that_is_killed_goes_on_where_it_was(deployed: Deployed) -> None:
    head = deployed.report(history(companies=20, tickets=10, messages=8))
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    deployed.make_anew(deployed.topics.events, PARTITIONS + 1)

    first = deployed.start("republish")
    assert eventually(lambda: 0 < deployed.relayed() < head)
    first.kill()
    first.wait()
    done = again(deployed)

    assert done.accepted == []
    assert 0 < done.events < head
    published = deployed.published(deployed.topics.events)
    assert sorted(chain(*published)) == deployed.rows()


def test_where_nothing_was_lost_nothing_is_done(deployed: Deployed) -> None:
    head = deployed.tell_the_story()
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    assert again(deployed) == ([], 0, head)
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()


def test_only_the_lost_topic_is_filled_again(deployed: Deployed) -> None:
    head = deployed.tell_the_story()
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    before = values(deployed, deployed.topics.public)

    deployed.make_anew(deployed.topics.public)
    done = again(deployed)

    assert done.accepted == [deployed.topics.public]
    assert values(deployed, deployed.topics.public) == before
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()


def test_nothing_is_published_again_while_a_relay_is_at_work(deployed: Deployed) -> None:
    head = deployed.tell_the_story()

    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
        with pytest.raises(RelayAtWork, match="stop it first"):
            again(deployed)


def test_a_topic_that_was_given_partitions_is_not_filled_again_beside_what_it_holds(
    deployed: Deployed,
) -> None:
    head = deployed.tell_the_story()
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        admin.create_partitions({deployed.topics.events: PARTITIONS + 1})

    with pytest.raises(TopicRefused, match="delete the topic"):
        again(deployed)


def again(deployed: Deployed) -> Republished:
    return republish(deployed.settings.store, brokers_of(deployed.settings), deployed.topics)


def values(deployed: Deployed, topic: str) -> list[list[bytes]]:
    return [[record.value for record in records] for records in deployed.records(topic)]
