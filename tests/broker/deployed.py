"""A deployment of a test's own over a real broker: its store, its topics, its processes."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import Any

import orjson
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from projections.projection import Projection
from services.bus import (
    Follower,
    Publisher,
    Record,
    TopicInfo,
    Topics,
    brokers_of,
    create_topics,
    describe,
)
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.control import Control, Keyring
from services.decisions import Decisions
from services.desk import Desk
from services.failpoints import VARIABLE
from services.feed import StoreFeed
from services.folding import Folder
from services.group.arrival import Arrival
from services.group.feed import KafkaFeed
from services.group.member import Displaced, Member
from services.headers import headers_of, key_of, row_of
from services.heartbeat import Pulse
from services.processes import serve_projector, serve_relay
from services.projector import Projector, history_of
from services.readmodel import ReadModels
from services.rebuild import digest
from services.relay.mark import RelayMark, low_mark
from services.sample import STORY
from services.stack import Broker
from services.store import Log, Row
from services.wire import read_cloud_event

PROJECT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds that anything may take on a crowded machine."""
PARTITIONS = 3
WROTE = "ticket.customer_message_received"


@dataclass
class Deployed:
    """Everything of one deployment; what it opened is closed with it."""

    settings: Settings
    topics: Topics = field(default_factory=lambda: Topics(f"test-{secrets.token_hex(6)}"))
    opened: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def control(self) -> Control:
        return self.opened.enter_context(closing(Control(self.settings.control)))

    @cached_property
    def desk(self) -> Desk:
        desk = Desk(self.settings.store, self.control, Keyring(self.control))
        return self.opened.enter_context(closing(desk))

    @cached_property
    def models(self) -> ReadModels:
        return self.opened.enter_context(closing(ReadModels(self.settings.read_models)))

    @cached_property
    def mark(self) -> RelayMark:
        return self.opened.enter_context(closing(RelayMark(self.settings.store)))

    @cached_property
    def arrival(self) -> Arrival:
        arrival = Arrival(self.models, self.desk.store, brokers_of(self.settings), self.topics)
        return self.opened.enter_context(closing(arrival))

    def create_topics(self, partitions: int = PARTITIONS) -> dict[str, TopicInfo]:
        return create_topics(brokers_of(self.settings), partitions, self.topics)

    def relayed(self) -> int:
        return low_mark(self.mark.database)

    def report(self, events: Sequence[dict[str, Any]], chunk: int = 500) -> int:
        """Report events to the desk, all of which it accepts; say the store's head."""
        for start in range(0, len(events), chunk):
            reports = [
                read_cloud_event(orjson.dumps(event), self.desk.resolve)
                for event in events[start : start + chunk]
            ]
            assert {receipt.status for receipt in self.desk.record(reports)} == {"accepted"}
        return self.desk.store.head()

    def tell_the_story(self) -> int:
        for line in STORY.read_bytes().splitlines():
            (receipt,) = self.desk.record([read_cloud_event(line, self.desk.resolve)])
            assert receipt.status == "accepted"
        return self.desk.store.head()

    def rows(self) -> list[Row]:
        return self.desk.store.after(0, 1_000_000)

    def has_arrived(self, name: str, position: int | None = None) -> bool:
        position = self.desk.store.head() if position is None else position
        return self.arrival.wait_for(PROJECTIONS[name], position, PATIENCE)

    def digests(self, models: ReadModels | None = None) -> dict[str, str]:
        models = models or self.models
        return {name: digest(models.view(found)) for name, found in PROJECTIONS.items()}

    def embedded_digests(self) -> dict[str, str]:
        """What the embedded projector makes of the same store, in a database of its own."""
        url = f"sqlite:///{self.settings.home}/embedded-{secrets.token_hex(4)}.db"
        with closing(ReadModels(url)) as models:
            feed = StoreFeed(self.desk.store, Keyring(self.control))
            Projector(feed, models, Decisions(self.control), PROJECTIONS.values()).catch_up()
            return self.digests(models)

    def published(self, topic: str) -> list[list[Row]]:
        """Read all of a topic, partition by partition, as the rows of the store."""
        return [
            [row_of(r.key, r.value, r.headers) for r in records] for records in self.records(topic)
        ]

    def records(self, topic: str) -> list[list[Any]]:
        """Read all of a topic, partition by partition, as any consumer gets it."""
        with closing(
            KafkaConsumer(bootstrap_servers=self.settings.kafka, auto_offset_reset="earliest")
        ) as consumer:
            places = [
                TopicPartition(topic, part) for part in sorted(consumer.partitions_for_topic(topic))
            ]
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends = consumer.end_offsets(places)
            found: dict[TopicPartition, list[Any]] = {place: [] for place in places}
            while any(consumer.position(place) < ends[place] for place in places):
                for place, records in consumer.poll(timeout_ms=200).items():
                    found[place] += records
        return [found[place] for place in places]

    def make_anew(self, topic: str, partitions: int = PARTITIONS) -> None:
        """Delete a topic, and make another one of its name."""
        with closing(KafkaAdminClient(bootstrap_servers=self.settings.kafka)) as admin:
            admin.delete_topics([topic])
            assert eventually(lambda: topic not in admin.list_topics())
        assert eventually(lambda: self.create_topics(partitions))

    @contextmanager
    def at_work(self, *names: str) -> Iterator[None]:
        """Run processes as threads of this one."""
        stop = Event()
        threads = [Thread(target=self.serve, args=(name, stop)) for name in names]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def start(
        self, name: str, failpoint: str = "", out: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Start a process: ``relay`` or the projector of a projection.

        One that has more to say than a pipe holds waits until it is `said`, unless *out* is
        another place.
        """
        environment = {
            **os.environ,
            "LONGCASE_HOME": str(self.settings.home),
            "LONGCASE_STORE": self.settings.store,
            "LONGCASE_READ_MODELS": self.settings.read_models,
            "LONGCASE_CONTROL": self.settings.control,
            "LONGCASE_KAFKA": self.settings.kafka,
            VARIABLE: failpoint,
        }
        command = [sys.executable, "-m", "tests.broker.running", name, self.topics.prefix]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=out, stdout=out)
        self.opened.callback(end, process)
        return process

    def serve(self, name: str, stop: Event) -> None:
        if name == "relay":
            serve_relay(self.settings, stop, self.topics)
        else:
            serve_projector(self.settings, name, stop, self.topics)


Apart = tuple[Deployed, Broker]
"""A deployment, and the broker that it alone uses."""


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def stopped(process: subprocess.Popen[bytes]) -> int:
    """Ask a process to stop, and say its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE)


def said(process: subprocess.Popen[bytes]) -> list[bytes]:
    """List the lines that an ended process wrote."""
    return b"".join(process.communicate()).splitlines()


def fold_as(deployed: Deployed, projection: Projection, group: str, stop: Event) -> None:
    """Fold into a projection's read model as a member of a group of one's own."""
    settings, group = deployed.settings, f"{deployed.topics.prefix}.{projection.name}.{group}"
    with (
        closing(ReadModels(settings.read_models)) as models,
        closing(Log(settings.store)) as log,
        closing(Follower(brokers_of(settings), deployed.topics.events, group, "alone")) as follower,
        suppress(Displaced),
    ):
        keyring = Keyring(deployed.control)
        feed = KafkaFeed(follower, models, log, keyring)
        decisions = Decisions(deployed.control)
        history = history_of(StoreFeed(log, keyring), decisions, projection)
        folder = Folder(models, decisions, feed.save)
        pulse = Pulse(settings.read_models, projection.name, "alone")  # not started: it is silent
        Member(projection, feed, folder, history, keyring, pulse=pulse).run(stop)


def publish(deployed: Deployed, rows: list[Row]) -> None:
    """Put rows on the bus as no relay would."""
    topic = deployed.topics.events
    records = [
        Record(topic, key_of(row), row.state, headers_of(row, "longcase"), 0) for row in rows
    ]
    topics = describe(brokers_of(deployed.settings), [topic])
    deployed.mark.save(topics, rows[-1].position)
    with closing(Publisher(brokers_of(deployed.settings), topics)) as publisher:
        assert publisher.publish(records, Event())


def eventually(true: Callable[[], object], patience: float = PATIENCE) -> bool:
    until = time.monotonic() + patience
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def history(companies: int, tickets: int, messages: int) -> list[dict[str, Any]]:
    """Write what many companies report at once, all of them in turn."""
    events = [
        event("company.registered", f"company/c{c}", 0, data={"name": f"Company {c}"})
        for c in range(companies)
    ] + [
        event("contact.registered", f"contact/p{c}", 0, data={"name": f"Person {c}"})
        for c in range(companies)
    ]
    for t in range(tickets):
        for c in range(companies):
            ticket = f"ticket/T{c}-{t}"
            opening = {"subject": f"Case {t}", "requester_id": f"p{c}"}
            events.append(event("ticket.opened", ticket, t, company=f"c{c}", data=opening))
    for m in range(messages):
        for t in range(tickets):
            for c in range(companies):
                said = {"contact_id": f"p{c}", "body": f"Message {m} of case {t}"}
                more = {"visibility": "public", "data": said}
                ticket = f"ticket/T{c}-{t}"
                events.append(event(WROTE, ticket, tickets + m, **more))
    return events


def event(type_name: str, subject: str, minute: int, **more: Any) -> dict[str, Any]:
    time_ = f"2026-03-02T{8 + minute // 60:02}:{minute % 60:02}:00Z"
    name = f"{type_name} {subject} {minute}"
    return {
        "id": name,
        "source": "tests",
        "type": type_name,
        "subject": subject,
        "time": time_,
        **more,
    }
