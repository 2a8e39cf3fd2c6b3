"""`longcase serve inbox` over the real broker: everything sent is recorded once, or rejected."""

import signal
from contextlib import closing

import orjson
import pytest
from kafka import KafkaAdminClient

from services.bus import Message
from services.wire import LIMIT
from tests.broker import inboxes
from tests.broker.deployed import PATIENCE, Deployed, eventually, said, stopped
from tests.broker.inboxes import (
    RawName,
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
from tests.inboxes import batch, beginning, binary, encoded, event, message, structured

pytestmark = pytest.mark.broker

KILLED = -signal.SIGKILL


def test_events_come_in_by_every_mode(on_either: Deployed) -> None:
    clouds = [event(id=f"mode-{n}", correlationid="match") for n in range(6)]
    sent = [
        structured(clouds[0]), message(encoded(clouds[1])), binary(clouds[2]),
        binary(clouds[3])._replace(headers=binary(clouds[3]).headers[:-1]),
        batch(clouds[4], clouds[5]),
    ]  # fmt: skip
    send(on_either, [*map(structured, beginning()), *sent])

    take_all(on_either)

    assert rejects(on_either) == []
    assert [recorded(on_either)[cloud["id"]] for cloud in clouds] == [1] * 6
    documents = [orjson.loads(row.state) for row in on_either.rows()[4:]]
    assert [document["source"]["external_id"] for document in documents] == [
        cloud["id"] for cloud in clouds
    ]
    assert {document["correlation_id"] for document in documents} == {"match"}


def test_what_is_not_taken_stands_among_the_rejects_as_it_came(deployed: Deployed) -> None:
    begun(deployed)
    known = event()
    bad: list[tuple[str, Message]] = [
        ("invalid-report", message(None)),
        ("invalid-report", message(b"\x00\xff not JSON")),
        ("invalid-report", message(b"", key=None)),
        ("invalid-report", structured(event(id=None))),
        ("invalid-report", structured(event(source=None))),
        ("invalid-report", structured(event(id=4))),
        ("invalid-report", structured(event(data={"contact_id": "jan", "body": "\x00"}))),
        ("invalid-report", message(encoded(event()).replace(b"Help!", b"\\ud800"))),
        ("invalid-report", structured(event(visibility=None))),
        ("invalid-report", message(b"{}", [("ce_id", b"\xff")])),
        ("invalid-report", binary(event())._replace(value=b"[1]")),
        ("invalid-report", batch()),
        ("unknown-type", structured(event(type="ticket.exploded"))),
        ("unsupported-media", message(b"Obj\x01", [("content-type", b"application/avro")])),
        ("too-large", structured(event(data={"contact_id": "jan", "body": "x" * LIMIT}))),
        ("too-large", message(b"x" * 1_000_000, [("longcase_reason", b"of before")])),
        ("not-opened", structured(event(subject="ticket/T-9"))),
        ("other-company", structured(event(company="other"))),
        ("wrong-version", structured(event(expectedversion=9))),
        ("other-stream", structured(event(subject="company/acme"))),
        ("too-far-ahead", structured(event(time="2126-01-01T00:00:00Z"))),
        ("content-differs", structured({**known, "data": {"contact_id": "jan", "body": "No."}})),
    ]  # fmt: skip
    good = [structured(known), *(structured(event()) for _ in bad)]
    mixed = [
        good[0],
        *(m for pair in zip((m for _, m in bad), good[1:], strict=True) for m in pair),
    ]

    places = send(deployed, mixed, part=1)
    take_all(deployed)

    assert recorded(deployed).total() == len(beginning()) + len(good)
    found = rejects(deployed)
    assert [place(told) for _, told in found] == places[1::2]
    assert [told["code"] for _, told in found] == [code for code, _ in bad]
    assert all(told["reason"] for _, told in found)
    for (reject, told), (_, original) in zip(found, bad, strict=True):
        count = len(original.headers)
        assert reject[1:] == (original.key, original.value, reject.headers)
        assert reject.headers[:count] == original.headers
        assert told["topic"] == deployed.topics.inbox
        assert told["at"].endswith("Z")


def test_a_batch_is_taken_but_for_what_is_refused_of_it(deployed: Deployed) -> None:
    begun(deployed)
    sent = batch(event(), event(subject="ticket/T-9"), event(), event(id=None))

    send(deployed, [sent])
    take_all(deployed)

    assert recorded(deployed).total() == len(beginning()) + 2
    ((reject, told),) = rejects(deployed)
    assert reject.value == sent.value
    assert (told["code"], "T-9" in told["reason"]) == ("not-opened", True)
    assert [(e["index"], e["code"]) for e in orjson.loads(told["events"])] == [
        (1, "not-opened"),
        (3, "invalid-report"),
    ]


def test_records_that_kafka_takes_and_its_client_does_not_hold_nobody_up(
    deployed: Deployed,
) -> None:
    begun(deployed)
    good = [structured(event()) for _ in range(3)]
    odd = structured(event(subject="ticket/T-9"))._replace(headers=[(RawName("?"), b"raw")])

    places = send(deployed, [good[0], odd, good[1]], part=0, linger_ms=50)
    places += send(deployed, [good[2]], part=0, compression_type="gzip")
    take_all(deployed)

    assert recorded(deployed).total() == len(beginning()) + 3
    ((reject, told),) = rejects(deployed)
    assert place(told) == places[1]
    assert reject.headers[0] == ("\\xff\\xfe", b"raw")


def test_a_record_without_key_and_value_is_rejected_too(deployed: Deployed) -> None:
    begun(deployed)
    sent = [structured(event()), message(None, key=b"k"), message(b"", key=None)]

    send(deployed, sent, part=2)
    take_all(deployed)

    assert [(m.key, m.value) for m, _ in rejects(deployed)] == [(b"k", None), (None, b"")]


def test_what_was_reported_before_is_recorded_once(deployed: Deployed) -> None:
    begun(deployed)
    by_hand = event()
    deployed.report([by_hand])
    twice = structured(event())
    page = [twice, structured(by_hand), twice, binary(by_hand), batch(by_hand)]

    send(deployed, page)
    take_all(deployed)
    send(deployed, page)
    take_all(deployed)

    assert recorded(deployed).total() == len(beginning()) + 2
    assert rejects(deployed) == []


@pytest.mark.parametrize(
    "failpoint",
    [
        "inbox.before_record",
        "inbox.after_record_before_rejects",
        "inbox.after_record_before_mark",
    ],
)
def test_a_kill_between_any_two_steps_loses_nothing_and_doubles_nothing(
    deployed: Deployed, failpoint: str
) -> None:
    begun(deployed)
    take_all(deployed)
    good = [structured(event()) for _ in range(20)]
    bad = [structured(event(subject=f"ticket/T-{n}")) for n in range(9, 14)]
    places = send(deployed, [*good, *bad], part=0)

    killed = start(deployed, failpoint=f"{failpoint}=kill")
    assert killed.wait(PATIENCE) == KILLED, said(killed)
    assert marks(deployed)[0].next_offset == 0
    take_all(deployed)

    assert recorded(deployed).total() == len(beginning()) + len(good)
    assert sorted(place(told) for _, told in rejects(deployed)) == places[len(good) :]


def test_what_was_rejected_stays_rejected_after_a_kill(deployed: Deployed) -> None:
    begun(deployed)
    take_all(deployed)
    late = event(subject="ticket/T-2")
    send(deployed, [structured(late)], part=0)
    killed = start(deployed, failpoint="inbox.after_record_before_mark=kill")
    assert killed.wait(PATIENCE) == KILLED, said(killed)

    opening = beginning()[-1]
    deployed.report([{**opening, "id": "second", "subject": "ticket/T-2"}])
    take_all(deployed)

    assert len(rejects(deployed)) == 1
    assert late["id"] not in recorded(deployed)


def test_several_instances_share_the_partitions_and_one_may_die(deployed: Deployed) -> None:
    begun(deployed)
    messages = [structured(event())._replace(key=b"%d" % n) for n in range(4_000)]
    bad = [structured(event(subject="ticket/T-9"))._replace(key=b"%d" % n) for n in range(40)]

    first, second = start(deployed), start(deployed)
    for n in range(4):
        send(deployed, [*messages[n::4], *bad[n::4]])
    assert eventually(lambda: recorded(deployed).total() > 500)
    first.kill()
    third = start(deployed)
    assert eventually(lambda: is_done(deployed))

    assert recorded(deployed).total() == len(beginning()) + len(messages)
    assert len({place(told) for _, told in rejects(deployed)}) == len(bad)
    assert [stopped(process) for process in (second, third)] == [0, 0]
    assert inboxes.committed_nowhere(deployed)


def test_a_stopped_inbox_finishes_its_page(deployed: Deployed) -> None:
    begun(deployed)
    bad = [structured(event(subject="ticket/T-9")) for _ in range(5)]
    send(deployed, [*(structured(event()) for _ in range(100)), *bad], part=0)

    process = start(deployed, failpoint="inbox.after_record_before_rejects=stall:1.5")
    assert eventually(lambda: recorded(deployed).total() == len(beginning()) + 100)

    assert stopped(process) == 0
    assert marks(deployed)[0].next_offset == 105
    assert len(rejects(deployed)) == 5


def test_without_the_rejects_nothing_moves(deployed: Deployed) -> None:
    begun(deployed)
    take_all(deployed)
    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        admin.delete_topics([deployed.topics.rejected])
        assert eventually(lambda: deployed.topics.rejected not in admin.list_topics())
    places = send(deployed, [structured(event()), structured(event(subject="ticket/T-9"))], part=0)

    with inbox_at_work(deployed):
        assert not eventually(lambda: marks(deployed)[0].next_offset > 0, patience=2)
        assert eventually(deployed.create_topics)
        assert eventually(lambda: is_done(deployed))

    assert [place(told) for _, told in rejects(deployed)] == places[1:]
    assert recorded(deployed).total() == len(beginning()) + 1
