"""The inbox over a real broker: what is sent to it, what it recorded, and what it rejected.

``python -m tests.broker.inboxes PREFIX`` is one of its processes, for tests that kill it.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import Any

import orjson
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from services.bus import Message, Topics, brokers_of, describe
from services.bus.stretch import reaches, stretch
from services.config import Settings
from services.failpoints import VARIABLE, arm
from services.inbox.mark import InboxMark, Mark
from services.inbox.serving import serve_inbox
from tests.broker.deployed import PARTITIONS, PROJECT, Deployed, end, eventually
from tests.inboxes import beginning

Place = tuple[int, int]
"""(partition, offset)"""


class RawName(str):
    """The name of a header that is no text; the client is made to send its bytes."""

    __slots__ = ()

    def encode(self, *_: Any, **__: Any) -> bytes:
        return b"\xff\xfe"


def begun(deployed: Deployed) -> None:
    """Record what messages to T-1 need."""
    deployed.report(beginning())


def send(
    deployed: Deployed, messages: Sequence[Message], part: int | None = None, **known: Any
) -> list[Place]:
    """Put records into the inbox, as publishers do; say where they stand."""
    options = {"batch_size": 256 * 1024, "acks": "all", **known}
    with closing(KafkaProducer(bootstrap_servers=deployed.settings.kafka, **options)) as producer:
        futures = [
            producer.send(deployed.topics.inbox, m.value, m.key, [*m.headers], part)
            for m in messages
        ]
        producer.flush()
        return [(future.value.partition, future.value.offset) for future in futures]


def rejects(deployed: Deployed) -> list[tuple[Message, dict[str, str]]]:
    """Read all rejects, and what their headers say of them."""
    brokers, topic = brokers_of(deployed.settings), deployed.topics.rejected
    reach = reaches(brokers, topic, [0])[0]
    found = []
    for message in stretch(brokers, topic, 0, *reach):
        said = {
            name.removeprefix("longcase_"): value.decode()
            for name, value in message.headers
            if name.startswith("longcase_")
        }
        found.append((message, said))
    return found


def place(said: dict[str, str]) -> Place:
    return int(said["partition"]), int(said["offset"])


def recorded(deployed: Deployed) -> Counter[str]:
    """Count the events in the store by the id that their publisher gave them."""
    return Counter(orjson.loads(row.state)["source"]["external_id"] for row in deployed.rows())


def marks(deployed: Deployed) -> dict[int, Mark]:
    with closing(InboxMark(deployed.settings.store, deployed.topics.inbox)) as mark:
        return mark.all()


def is_done(deployed: Deployed) -> bool:
    """Say whether everything that was sent is done with."""
    brokers, topic = brokers_of(deployed.settings), deployed.topics.inbox
    topic_id = describe(brokers, [topic])[topic].topic_id
    ends = reaches(brokers, topic, range(PARTITIONS))
    found = marks(deployed)
    return all(
        part in found and found[part][:2] == (topic_id, reach.end) for part, reach in ends.items()
    )


@contextmanager
def inbox_at_work(deployed: Deployed) -> Iterator[None]:
    """Run an inbox as a thread of this process."""
    stop = Event()
    thread = Thread(target=serve_inbox, args=(deployed.settings, stop, deployed.topics))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def take_all(deployed: Deployed) -> None:
    """Let an inbox take everything that was sent."""
    with inbox_at_work(deployed):
        assert eventually(lambda: is_done(deployed))


def start(deployed: Deployed, failpoint: str = "") -> subprocess.Popen[bytes]:
    """Start an inbox as a process of its own."""
    known = {
        f"LONGCASE_{name.upper()}": str(getattr(deployed.settings, name))
        for name in ("home", "store", "read_models", "control", "kafka")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.broker.inboxes", deployed.topics.prefix],
        cwd=PROJECT,
        env={**os.environ, **known, VARIABLE: failpoint},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deployed.opened.callback(end, process)
    return process


def read_inbox(deployed: Deployed) -> dict[Place, Message]:
    """Read all of the inbox as it stands on the broker."""
    brokers, topic = brokers_of(deployed.settings), deployed.topics.inbox
    held = reaches(brokers, topic, range(PARTITIONS))
    return {
        (part, message.offset): message
        for part, reach in held.items()
        for message in stretch(brokers, topic, part, *reach)
    }


def committed_nowhere(deployed: Deployed) -> bool:
    """Say that Kafka keeps no offset for the inbox: its positions are in the store."""
    group = deployed.topics.inbox
    with closing(KafkaConsumer(bootstrap_servers=deployed.settings.kafka, group_id=group)) as asked:
        places = [TopicPartition(deployed.topics.inbox, part) for part in range(PARTITIONS)]
        return all(asked.committed(place) is None for place in places)


if __name__ == "__main__":
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    arm(os.environ.get(VARIABLE, ""))
    serve_inbox(Settings(), stop, Topics(sys.argv[1]))
