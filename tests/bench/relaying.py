"""P6: the store's log → Kafka, acknowledged, beside a bare producer of the same records."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from threading import Event
from typing import Any, Final

from kafka import KafkaProducer
from kafka.partitioner import Partitioner

from services import stack
from services.bus import Brokers, Record, TopicInfo, Topics, create_topics, partition_of
from services.headers import headers_of, key_of, public_headers_of
from services.heartbeat import Pulse
from services.relay.mark import RelayMark
from services.relay.session import SOURCE, Session
from services.store import Log
from tests.bench.baselines import whole
from tests.bench.harness import Figure, Prepare, Work, at_least, compare
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench, Places

WINDOW: Final = 1_000
HINT: Final = "what the client itself costs is the same; the rest is reading rows and headers"


@contextmanager
def broker(places: Places) -> Iterator[Brokers]:
    """Start a broker of the benches' own."""
    home = places.root / f"kafka-{secrets.token_hex(4)}"
    try:
        yield Brokers(stack.up(home, brokers=1, postgres=False).kafka)
    finally:
        stack.down(home)


def relays(bench: Bench) -> Iterator[Figure]:
    """P6: everything that a store holds, as the relay publishes it."""
    with broker(bench.places) as brokers:
        for engine in bench.places.engines:
            deployment = bench.places.deployment(engine)
            record(deployment.desk, companies(100))
            record(deployment.desk, reports(bench.size(24_000, 6_000), of=100))
            log = deployment.log
            ready = records(log, Topics())
            yield compare(
                "P6", f"relay, {engine}, by a tuned producer of the same records",
                _ours(log, brokers, len(ready)), _bare(ready, brokers),
                rounds=bench.rounds, reach=at_least(0.8), unit="records/s", by=float_of, hint=HINT,
            )  # fmt: skip


def records(log: Log, topics: Topics) -> list[Record]:
    """Make all records of a log, as the relay would."""
    made = []
    for row in whole(log):
        key, moment = key_of(row), row.committed_at // 1000
        headers = headers_of(row, SOURCE)
        made.append(Record(topics.events, key, row.state, headers, moment))
        if row.public_seq is not None:
            headers = public_headers_of(headers)
            made.append(Record(topics.public, key, row.state, headers, moment))
    return made


def float_of(work: Work) -> float:
    """Take the figure that the work gives by itself, its connecting left out."""
    return float(work())


def new_topics(brokers: Brokers) -> tuple[Topics, Mapping[str, TopicInfo]]:
    """Make topics that nobody has used."""
    topics = Topics(f"bench-{secrets.token_hex(4)}")
    return topics, create_topics(brokers, topics=topics)


def _ours(log: Log, brokers: Brokers, count: int) -> Prepare:
    def prepare() -> Work:
        topics, _ = new_topics(brokers)
        moments: list[float] = []

        def moved(position: int, events: int) -> None:
            moments.append(time.perf_counter())

        def work() -> int:
            with closing(RelayMark(log.url)) as mark, Pulse(log.url, "bench") as pulse:
                session = Session(log, brokers, topics, mark=mark, pulse=pulse, moved=moved)
                session.run(Event(), to_the_head=True)
            return round(count / (moments[-1] - moments[0]))

        return work

    return prepare


def _bare(ready: Sequence[Record], brokers: Brokers) -> Prepare:
    def prepare() -> Work:
        topics, known = new_topics(brokers)
        default = Topics()
        names = {default.events: topics.events, default.public: topics.public}
        renamed = [r._replace(topic=names[r.topic]) for r in ready]

        def work() -> int:
            with closing(producer(brokers, known)) as found:
                found.partitions_for(topics.events)
                found.partitions_for(topics.public)
                began = time.perf_counter()
                for start in range(0, len(renamed), WINDOW):
                    sent = [
                        found.send(r.topic, r.value, r.key, r.headers, None, r.milliseconds)
                        for r in renamed[start : start + WINDOW]
                    ]
                    found.flush()
                    assert all(future.succeeded() for future in sent)
                return round(len(renamed) / (time.perf_counter() - began))

        return work

    return prepare


class Remembering(Partitioner):
    """Chooses by the key, which it hashes once."""

    def __init__(self, topics: Mapping[str, TopicInfo]) -> None:
        self._topics = topics

    def partition(self, topic: str, key: bytes, *_: Any) -> int:
        return partition_of(key, self._topics[topic].partitions)


def producer(brokers: Brokers, topics: Mapping[str, TopicInfo]) -> Any:
    """Open a producer as fast as it is known to be, with the same guarantees."""
    return KafkaProducer(
        bootstrap_servers=brokers.servers, acks="all", enable_idempotence=True,
        partitioner=Remembering(topics), batch_size=256 * 1024, linger_ms=0,
        compression_type="lz4", metrics_enabled=False,
    )  # fmt: skip
