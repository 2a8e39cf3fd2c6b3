"""A trace, by W3C Trace Context, travels with its event: from the door to Kafka's headers."""

from contextlib import closing

import orjson
import pytest
from kafka import KafkaConsumer, TopicPartition

from services.wire import read_cloud_event
from tests.broker.deployed import PARTITIONS, Deployed, eventually, history

pytestmark = pytest.mark.broker

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_trace_of_an_event_stands_in_its_record_and_in_no_other(deployed: Deployed) -> None:
    first, *others = history(companies=1, tickets=1, messages=1)
    body = orjson.dumps({**first, "traceparent": TRACE})
    deployed.desk.record([read_cloud_event(body, deployed.desk.resolve)])
    head = deployed.report(others)

    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    assert traces(deployed, deployed.topics.events, head) == [TRACE.encode()]


def traces(deployed: Deployed, topic: str, count: int) -> list[bytes]:
    """Read the traces that the records of a topic carry."""
    consumer = KafkaConsumer(
        bootstrap_servers=deployed.settings.kafka, auto_offset_reset="earliest"
    )
    with closing(consumer):
        consumer.assign([TopicPartition(topic, part) for part in range(PARTITIONS)])
        found, seen = [], 0
        while seen < count:
            for records in consumer.poll(timeout_ms=200).values():
                seen += len(records)
                found += [dict(r.headers).get("traceparent") for r in records]
    return [trace for trace in found if trace]
