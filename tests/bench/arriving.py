"""P7 and P9: from Kafka into the timeline, how much in a second and how soon."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from projections.database import Database
from projections.timeline import timeline
from services.bus import Brokers, Follower, Topics
from services.decisions import Decisions
from services.deployment import Deployment
from services.folding import Folder
from services.group.feed import KafkaFeed
from services.group.member import Member
from services.heartbeat import Pulse
from services.projector import history_of
from services.readmodel import ReadModels
from services.relay import republish
from tests.bench.baselines import Table
from tests.bench.harness import Figure, Prepare, Work, at_least, at_most, beside, compare
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench, Places
from tests.bench.projecting import ready_rows
from tests.bench.relaying import broker, float_of, new_topics

LOOK: Final = 0.0002
REST: Final = 0.01
"""Seconds between two looks, and between two events."""

PAGE: Final = 500


def folds(bench: Bench) -> Iterator[Figure]:
    """P7: what is on the bus into the timeline, beside ready rows for bare records."""
    if not bench.places.postgres:
        return
    with broker(bench.places) as brokers:
        deployment = bench.places.deployment("postgresql")
        record(deployment.desk, companies(100))
        record(deployment.desk, reports(bench.size(24_000, 6_000), of=100))
        topics, _ = new_topics(brokers)
        republish(deployment.settings.store, brokers, topics)
        yield compare(
            "P7", "timeline projector from Kafka, postgresql, by ready rows",
            _member(bench.places, deployment, brokers, topics),
            _floor(bench.places, ready_rows(deployment), brokers, topics),
            rounds=bench.rounds, reach=at_least(0.6), by=float_of,
            hint="reading, opening and rendering each event; as P8, with the bus before it",
        )  # fmt: skip


def visible(bench: Bench) -> Iterator[Figure]:
    """P9: from the answer of the desk until the timeline shows it, over the bus."""
    with broker(bench.places) as brokers:
        for engine in bench.places.engines:
            deployment = bench.places.deployment(engine)
            record(deployment.desk, companies(10))
            topics, _ = new_topics(brokers)
            count = bench.size(200, 60)
            with _at_work(deployment, brokers, topics):
                ours = [_seen(deployment, n * count, count) for n in range(bench.rounds + 1)][1:]
                bare = [_bare(brokers, topics, count) for _ in range(bench.rounds)]
            for name, part, limit in (("p50", 0.5, 3), ("p99", 0.99, 4)):
                mine, theirs = ([took[int(len(took) * part)] for took in f] for f in (ours, bare))
                yield beside(
                    "P9", f"commit → visible over Kafka, {engine}, {name}", mine, theirs,
                    reach=at_most(limit), unit="ms",
                    hint="two hops, each with a commit; on few cores the wait for one of them",
                )  # fmt: skip


def _member(places: Places, deployment: Deployment, brokers: Brokers, topics: Topics) -> Prepare:
    def prepare() -> Work:
        url, keyring = places.url("postgresql"), deployment.keyring
        group = f"{topics.prefix}.{url.rpartition('/')[2]}"

        def work() -> int:
            with ExitStack() as opened:
                models = opened.enter_context(closing(ReadModels(url)))
                follower = Follower(brokers, topics.events, group, "bench")
                opened.callback(follower.close)
                feed = KafkaFeed(follower, models, deployment.log, keyring)
                folder = Folder(models, Decisions(deployment.control), feed.save)
                pulse = Pulse(url, "bench")  # not started: it is silent
                history = history_of(deployment.feed, deployment.decisions, timeline)
                member = Member(timeline, feed, folder, history, keyring, pulse=pulse)
                return _rate(member.turn, deployment.log.head())

        return work

    return prepare


def _floor(places: Places, tables: Sequence[Table], brokers: Brokers, topics: Topics) -> Prepare:
    """Consume the records, and insert as many ready rows, a page in a commit."""

    def prepare() -> Work:
        database = Database(places.url("postgresql"))
        timeline.view(database, 1).create()

        def work() -> int:
            done = 0

            def turn() -> int:
                nonlocal done
                found = consumer.poll(timeout_ms=100, max_records=PAGE)
                count = sum(map(len, found.values()))
                with database.transaction():
                    for table in tables:
                        database.many(_insert(table), table.rows[done : done + count])
                done += count
                return count

            with closing(_consumer(brokers, topics.events)) as consumer, closing(database):
                return _rate(turn, len(tables[0].rows))

        return work

    return prepare


def _insert(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"


def _rate(turn: Callable[[], int], count: int) -> int:
    """Turn until all has come; say how many a second, from the first ones on."""
    began = 0.0
    done = first = 0
    while done < count:
        done += turn()
        if done and not began:
            began, first = time.perf_counter(), done
    return round((done - first) / (time.perf_counter() - began))


def _consumer(brokers: Brokers, topic: str, *, at_the_end: bool = False) -> Any:
    """Open a bare consumer of all partitions."""
    consumer = KafkaConsumer(
        bootstrap_servers=brokers.servers, enable_auto_commit=False, metrics_enabled=False
    )
    places = [TopicPartition(topic, part) for part in consumer.partitions_for_topic(topic)]
    consumer.assign(places)
    move: Any = consumer.seek_to_end if at_the_end else consumer.seek_to_beginning
    move(*places)
    for place in places:
        consumer.position(place)
    return consumer


@contextmanager
def _at_work(deployment: Deployment, brokers: Brokers, topics: Topics) -> Iterator[None]:
    """Run the relay and the projector of the timeline as processes of their own."""
    settings = deployment.settings
    environment = {
        **os.environ, "LONGCASE_HOME": str(settings.home), "LONGCASE_STORE": settings.store,
        "LONGCASE_READ_MODELS": settings.read_models, "LONGCASE_CONTROL": settings.control,
        "LONGCASE_KAFKA": brokers.servers,
    }  # fmt: skip
    commands = [
        [sys.executable, "-m", "tests.broker.running", name, topics.prefix]
        for name in ("relay", "timeline")
    ]
    started = [
        subprocess.Popen(c, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for c in commands
    ]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _seen(deployment: Deployment, start: int, count: int) -> list[float]:
    """Record events one by one, and look for each; list how long it took, ordered."""
    view, took = deployment.models.view(timeline), []
    for report in reports(count, start=start):
        (receipt,) = deployment.desk.record([report])
        committed = time.perf_counter()
        found = ("SELECT 1 FROM {entries} WHERE position = ?", (receipt.last_position,))
        while view.one(*found) is None:
            time.sleep(LOOK)
        took.append((time.perf_counter() - committed) * 1000)
        time.sleep(REST)
    return sorted(took)


def _bare(brokers: Brokers, topics: Topics, count: int) -> list[float]:
    """Send records one by one, and poll for each; list how long it took, ordered."""
    topic, took = topics.public, []
    with (
        closing(_consumer(brokers, topic, at_the_end=True)) as consumer,
        closing(KafkaProducer(bootstrap_servers=brokers.servers, acks="all")) as producer,
    ):
        producer.send(topic, b"first", b"key").get(10)
        while not consumer.poll(timeout_ms=100):
            pass
        for _ in range(count):
            sent = time.perf_counter()
            producer.send(topic, bytes(700), b"key")
            while not consumer.poll(timeout_ms=100):
                pass
            took.append((time.perf_counter() - sent) * 1000)
            time.sleep(REST)
    return sorted(took)
