"""Traps of Kafka and of its client, each with the test that would step into it.

Measured against kafka-python 3.0.12 and Kafka 4.1; files without a folder stand beside this one.

- A transactional producer hangs, and its open transaction hides others: none is used; the
  markers of others hide nothing (here).
- An idempotent producer that gave a batch up wedges: ours never gives one up, and a window
  fails as a whole (`test_outage`, here).
- A record that is too large is a hole that later ones pass: none does (here).
- `send` takes whatever memory there is: windows of 1,000 (`test_outage`, `test_relay_at_work`).
- Two relays, or one that slept: a lock, looked at before each window; readers know what they
  have seen (`test_relay_at_work`, `test_kill_controls`).
- A relay that is killed sends again: it finds its place from the tails (`test_kafka_path`,
  `test_failpoints`).
- A key goes elsewhere with another way of choosing: it is Kafka's own (`test_kafka_path`).
- The listener runs on the client's thread: it holds back and says so, and nothing else
  (`test_scale`, `test_kafka_path`).
- A member that slept, or polled too late, believes that its partitions are still its own, and so
  do two members of one name: positions move by compare-and-set (here, `test_kill_controls`).
- Partitions stay stuck after a rebalance: a group that does not settle is joined anew
  (`test_scale`, `test_kill_matrix`).
- 'earliest' reads again from 0, in silence: what the log does not hold is an error (here).
- A topic is made anew, or given partitions: its id and their number are kept (`test_topics`,
  `test_relay_republish`).
- Committed offsets run ahead, or expire: none are kept (`test_inbox`).
- Compaction eats a company, and retention its past: neither is on (here).
- A codec that the client cannot read holds all up: brokers write ours (here, `test_inbox`).
- So does a header whose name is no text: it is read all the same (`test_mangled_events`).
- Anybody may write among ours: what the store did not record is set aside
  (`test_mangled_events`).
- An error with its traceback, once a second: what is away is said once (`test_kafka_path`).
- No call of the client has a timeout to trust: a watchdog ends who hangs
  (`tests/test_watchdog.py`).
- A checksum in Python costs six times as much: the fast one is a dependency (here).
"""

import secrets
import signal
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.record import util

from services.bus import TopicRefused
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.control import Keyring
from services.decisions import Decisions
from services.feed import StoreFeed
from services.rebuild import Rebuilder
from services.relay.status import status
from tests.broker.deployed import (
    PARTITIONS,
    WROTE,
    Deployed,
    event,
    eventually,
    fold_as,
    history,
    said,
    stopped,
)
from tests.broker.foreign import genuine
from tests.broker.groups import shares

pytestmark = pytest.mark.broker

TICKETS: Final = PROJECTIONS["tickets"]


def test_markers_of_somebody_elses_transactions_hide_no_tail(deployed: Deployed) -> None:
    events = history(companies=4, tickets=3, messages=6)
    head = deployed.report(events[:-10])
    with deployed.at_work("relay", "tickets"):
        assert deployed.has_arrived("tickets", head)
    last = [genuine(row) for row in deployed.rows()[-3:]]
    with closing(
        KafkaProducer(
            bootstrap_servers=deployed.settings.kafka, transactional_id=secrets.token_hex(4)
        )
    ) as producer:
        producer.init_transactions()
        for _ in range(3):
            producer.begin_transaction()
            for sent in last:
                producer.send(deployed.topics.events, sent.value, sent.key, sent.headers, sent.part)
            producer.commit_transaction()

    head = deployed.report(events[-10:])
    with deployed.at_work("relay", "tickets"):
        assert deployed.has_arrived("tickets", head)

    found = list(chain(*deployed.published(deployed.topics.events)))
    assert sorted(set(found)) == deployed.rows()
    assert len(found) == head + 3 * len(last)
    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_behind_a_record_that_is_too_large_nothing_is_written_until_it_is_taken(
    deployed: Deployed,
) -> None:
    events = history(companies=1, tickets=1, messages=12)
    configure(deployed, {"max.message.bytes": "60000"})
    head = deployed.report(events[:8])
    relay = deployed.start("relay")
    assert eventually(lambda: deployed.relayed() == head)

    text = {"contact_id": "p0", "body": secrets.token_hex(60_000)}
    large = event(WROTE, "ticket/T0-0", 60, visibility="public", data=text)
    deployed.report([large])
    last = deployed.report(events[8:])
    assert eventually(lambda: status(deployed.desk.store)["reason"])
    assert deployed.relayed() == head
    assert sum(map(len, deployed.published(deployed.topics.events))) == head

    configure(deployed, {"max.message.bytes": "1048588"})
    assert eventually(lambda: deployed.relayed() == last)
    found = deployed.published(deployed.topics.events)
    assert sorted(chain(*found)) == deployed.rows()
    assert all(rows == sorted(rows) for rows in found)
    assert stopped(relay) == 0


@pytest.mark.slow
def test_a_projector_that_slept_longer_than_its_session_folds_nothing_twice(
    deployed: Deployed,
) -> None:
    events = history(companies=12, tickets=5, messages=20)
    deployed.report(events[:300])
    sleeper = deployed.start("timeline", "project.before_transaction=stall:2@2")
    deployed.start("relay")
    assert eventually(lambda: offsets(deployed) > 0)
    (its_name,) = parts(deployed)
    sleeper.send_signal(signal.SIGSTOP)  # with records in its hands

    other = deployed.start("timeline")
    assert eventually(lambda: len(parts(deployed)) == 1 and its_name not in parts(deployed))
    head = deployed.report(events[300:])
    assert deployed.has_arrived("timeline", head)
    sleeper.send_signal(signal.SIGCONT)
    assert eventually(lambda: len(parts(deployed)) == 2)

    assert [stopped(each) for each in (sleeper, other)] == [0, 0]
    assert any(b"reading the positions again" in line for line in said(sleeper))
    assert deployed.digests()["timeline"] == deployed.embedded_digests()["timeline"]


@pytest.mark.slow
def test_two_of_one_name_on_two_machines_fold_each_event_once(
    kafka: str, postgres: str, tmp_path: Path
) -> None:
    settings = Settings(
        home=tmp_path / "one", kafka=kafka, store=postgres, read_models=postgres, control=postgres
    )
    deployed = Deployed(settings)
    twin = replace(deployed, settings=settings.model_copy(update={"home": tmp_path / "two"}))
    with deployed.opened:
        deployed.create_topics()
        events = history(companies=12, tickets=5, messages=20)
        deployed.report(events[:300])
        deployed.start("relay")
        for each in (deployed, twin):
            each.start("timeline")
        head = deployed.report(events[300:])

        assert deployed.has_arrived("timeline", head)
        assert deployed.digests()["timeline"] == deployed.embedded_digests()["timeline"]


def test_what_the_log_does_not_hold_any_more_is_an_error_and_a_rebuild_mends_it(
    deployed: Deployed,
) -> None:
    events = history(companies=6, tickets=3, messages=6)
    head = deployed.report(events[:-30])
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    topic = deployed.topics.events
    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        admin.delete_records({TopicPartition(topic, part): 5 for part in range(PARTITIONS)})

    with pytest.raises(TopicRefused, match="does not hold"):
        fold_as(deployed, TICKETS, "late", Event())

    feed = StoreFeed(deployed.desk.store, Keyring(deployed.control))
    decisions = Decisions(deployed.control)
    Rebuilder(feed, deployed.models, decisions, deployed.desk.store.head).rebuild(TICKETS)
    head = deployed.report(events[-30:])
    with deployed.at_work("relay", "tickets"):
        assert deployed.has_arrived("tickets", head)
    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_topics_are_made_to_keep_everything_in_a_codec_that_all_can_read(
    deployed: Deployed,
) -> None:
    for topic in (deployed.topics.events, deployed.topics.reads, deployed.topics.public):
        found = configured(deployed, topic)
        assert found["cleanup.policy"] == "delete"
        assert found["retention.ms"] == found["retention.bytes"] == "-1"
        assert found["compression.type"] == "lz4"


def test_checksums_are_not_taken_in_python() -> None:
    assert vars(util)["crc32c_c"] is not None


def configure(deployed: Deployed, configs: Mapping[str, str]) -> None:
    """Change how the topic of events is kept."""
    wanted = ConfigResource(ConfigResourceType.TOPIC, deployed.topics.events, configs=dict(configs))
    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        admin.alter_configs([wanted])


def configured(deployed: Deployed, topic: str) -> dict[str, Any]:
    wanted = ConfigResource(ConfigResourceType.TOPIC, topic)
    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        found = admin.describe_configs([wanted])["topic"][topic]
    return {name: config["value"] for name, config in found.items()}


def offsets(deployed: Deployed) -> int:
    marks = deployed.models.marks(deployed.models.view(PROJECTIONS["timeline"]))
    return sum(mark.next_offset for mark in marks.values())


def parts(deployed: Deployed) -> list[str]:
    """List the instances that have partitions."""
    return [name for name, found in shares(deployed, "timeline").items() if found]
