"""The inbox's topic is not what it was: made anew, cut short, or shared with one who slept."""

import os
import signal
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient, TopicPartition

from services.inbox.mark import InboxMark
from tests.broker.deployed import Deployed, eventually, said, stopped
from tests.broker.inboxes import (
    begun,
    inbox_at_work,
    is_done,
    marks,
    place,
    recorded,
    rejects,
    send,
    start,
    take_all,
)
from tests.inboxes import beginning, event, message, structured

pytestmark = pytest.mark.broker

BAD = "ticket/T-9"


def test_an_inbox_made_anew_is_read_from_its_begin(deployed: Deployed) -> None:
    begun(deployed)
    again = structured(event())
    send(deployed, [*(structured(event()) for _ in range(5)), again], part=0)
    take_all(deployed)
    old = marks(deployed)[0]

    make_anew(deployed)
    send(deployed, [again, structured(event()), structured(event(subject=BAD))], part=0)
    take_all(deployed)

    assert marks(deployed)[0].topic_id != old.topic_id
    assert recorded(deployed).total() == len(beginning()) + 7
    assert len(rejects(deployed)) == 1


@pytest.mark.slow
def test_an_inbox_made_anew_is_noticed_by_those_at_work(deployed: Deployed) -> None:
    begun(deployed)
    send(deployed, [structured(event()) for _ in range(5)], part=0)

    with inbox_at_work(deployed):
        assert eventually(lambda: is_done(deployed))
        make_anew(deployed)
        send(deployed, [structured(event()) for _ in range(9)], part=0)
        assert eventually(lambda: is_done(deployed))

    assert recorded(deployed).total() == len(beginning()) + 14


def test_a_broker_that_lost_the_end_is_read_from_the_begin(deployed: Deployed) -> None:
    begun(deployed)
    send(deployed, [structured(event()) for _ in range(5)], part=0)
    take_all(deployed)

    with closing(InboxMark(deployed.settings.store, deployed.topics.inbox)) as mark:
        found = mark.all()[0]
        assert mark.move(0, found, found._replace(next_offset=1_000))
    take_all(deployed)

    assert marks(deployed)[0].next_offset == 5
    assert recorded(deployed).total() == len(beginning()) + 5


def test_what_was_deleted_unread_is_said_and_the_rest_is_taken(deployed: Deployed) -> None:
    begun(deployed)
    take_all(deployed)
    send(deployed, [structured(event()) for _ in range(5)], part=0)
    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        admin.delete_records({TopicPartition(deployed.topics.inbox, 0): 3})

    process = start(deployed)
    assert eventually(lambda: is_done(deployed))

    assert stopped(process) == 0
    assert any(b"nobody had read" in line and b"3" in line for line in said(process))
    assert recorded(deployed).total() == len(beginning()) + 2


def test_a_record_too_large_to_be_copied_is_named_among_the_rejects(deployed: Deployed) -> None:
    begun(deployed)
    make_anew(deployed, **{"max.message.bytes": "4000000"})
    huge = message(os.urandom(2_500_000))

    places = send(deployed, [huge, structured(event())], part=0, max_request_size=4_000_000)
    take_all(deployed)

    ((reject, told),) = rejects(deployed)
    assert (place(told), told["code"], told["left_out"]) == (places[0], "too-large", "2500000")
    assert not reject.value
    assert recorded(deployed).total() == len(beginning()) + 1


@pytest.mark.slow
def test_one_who_slept_while_others_did_its_work_changes_nothing(deployed: Deployed) -> None:
    begun(deployed)
    take_all(deployed)
    sent = [structured(event()) for _ in range(50)]
    bad = [structured(event(subject=BAD)) for _ in range(5)]
    sleeper = start(deployed, failpoint="inbox.after_record_before_rejects=stall:2")
    send(deployed, [*sent, *bad], part=0)
    assert eventually(lambda: recorded(deployed).total() == len(beginning()) + 50)
    sleeper.send_signal(signal.SIGSTOP)

    other = start(deployed)
    assert eventually(lambda: is_done(deployed))
    send(deployed, [structured(event()) for _ in range(20)], part=0)
    assert eventually(lambda: is_done(deployed))
    moved = marks(deployed)[0].next_offset
    sleeper.send_signal(signal.SIGCONT)
    assert not eventually(lambda: marks(deployed)[0].next_offset != moved, patience=5)

    assert [stopped(process) for process in (sleeper, other)] == [0, 0]
    assert any(b"reading the positions again" in line for line in said(sleeper))
    assert recorded(deployed).total() == len(beginning()) + 70
    assert len(rejects(deployed)) == len(bad)


def make_anew(deployed: Deployed, **configs: Any) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        admin.delete_topics([deployed.topics.inbox])
        assert eventually(lambda: deployed.topics.inbox not in admin.list_topics())
        if configs:
            admin.create_topics(
                {deployed.topics.inbox: {
                    "num_partitions": 3, "replication_factor": 1, "configs": configs,
                }}
            )  # fmt: skip
    assert eventually(deployed.create_topics)
