"""What customers may see travels once more, on a topic that says nothing of the rest."""

from collections import defaultdict
from functools import partial
from itertools import chain
from threading import Event
from typing import Any, Final

import pytest

from services.bus import TopicRefused, brokers_of
from services.headers import key_of
from services.relay import Relay
from tests.broker.deployed import Deployed, event, eventually, history

pytestmark = pytest.mark.broker

CANARY: Final = "xanthic-ocelot"
ALLOWED: Final = {
    "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_dataschema",
    "content-type", "ce_publicseq",
}  # fmt: skip


def test_no_customer_finds_what_is_internal_nor_how_much_of_it_there_is(
    deployed: Deployed,
) -> None:
    head = deployed.report(beside_canaries(history(companies=4, tickets=3, messages=6)))

    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    rows = deployed.rows()
    secret = [row for row in rows if row.public_seq is None]
    ids = [row.state[13:49] for row in secret]  # {"event_id":"…
    public = list(chain(*deployed.records(deployed.topics.public)))
    everything = b"\n".join(map(seen, public))
    assert sum(CANARY.encode() in seen(r) for r in chain(*all_of(deployed))) > len(secret) / 3
    assert CANARY.encode() not in everything
    assert [found for found in ids if found in everything] == []
    assert {name for record in public for name, _ in record.headers} == ALLOWED


def test_it_carries_what_has_a_public_number_and_each_company_counts_densely(
    deployed: Deployed,
) -> None:
    head = deployed.report(beside_canaries(history(companies=4, tickets=3, messages=6)))

    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    partitions = deployed.records(deployed.topics.public)
    public = [row for row in deployed.rows() if row.public_seq is not None]
    assert sorted((r.key, r.value) for r in chain(*partitions)) == sorted(
        (key_of(row), row.state) for row in public
    )
    numbers: dict[bytes, list[int]] = defaultdict(list)
    for record in chain(*partitions):
        numbers[record.key].append(int(dict(record.headers)["ce_publicseq"]))
    assert numbers
    for found in numbers.values():
        assert found == list(range(1, len(found) + 1))


def test_a_killed_relay_finds_its_place_on_it_again(deployed: Deployed) -> None:
    head = deployed.report(history(companies=20, tickets=10, messages=16))

    for kill in range(1, 4):
        relay = deployed.start("relay")
        assert eventually(partial(reached, deployed, kill * head // 5))
        relay.kill()
        relay.wait()
        forget_marks(deployed)  # the tails alone must do
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    public = [row for row in deployed.rows() if row.public_seq is not None]
    records = list(chain(*deployed.records(deployed.topics.public)))
    assert sorted(r.value for r in records) == sorted(row.state for row in public)
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()


def test_a_partition_without_records_does_not_send_the_relay_back_to_the_beginning(
    deployed: Deployed,
) -> None:
    head = deployed.report(history(companies=1, tickets=3, messages=4))
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    assert [] in deployed.records(deployed.topics.public)

    begun: list[int] = []
    relay = Relay(deployed.settings.store, brokers_of(deployed.settings), deployed.topics)
    moved, stop = relay._moved, Event()

    def first(position: int, events: int) -> None:
        begun.append(position)
        stop.set()
        moved(position, events)

    relay._moved = first  # type: ignore[method-assign]
    relay.run(stop)

    assert begun == [head]


def test_a_deployment_that_had_no_such_topic_fills_it_and_repeats_nothing_else(
    deployed: Deployed,
) -> None:
    head = deployed.report(history(companies=4, tickets=3, messages=6))
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    deployed.make_anew(deployed.topics.public)
    forget_marks(deployed, deployed.topics.public)

    with deployed.at_work("relay"):
        assert eventually(lambda: len(deployed.mark.saved()) == 3 and deployed.relayed() == head)

    public = [row for row in deployed.rows() if row.public_seq is not None]
    assert sum(map(len, deployed.records(deployed.topics.public))) == len(public)
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()


def test_a_public_topic_of_another_store_is_refused(deployed: Deployed) -> None:
    head = deployed.report(history(companies=4, tickets=3, messages=6))
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
    database = deployed.mark.database
    database.execute("UPDATE stored_events SET public_seq = public_seq + 1 WHERE public_seq > 2")

    with pytest.raises(TopicRefused, match="another"):
        deployed.serve("relay", Event())


def beside_canaries(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let something internal, and something restricted, happen after each event of a ticket."""
    mixed = []
    for number, each in enumerate(events):
        mixed.append(each)
        if each["type"] == "ticket.opened":
            for visibility in ("internal", "restricted"):
                name = f"{CANARY}-{visibility}-{number}"
                note = event(
                    "ticket.internal_note_added", each["subject"], number % 60,
                    visibility=visibility, actor=f"agent/{CANARY}", correlationid=name,
                    data={"note": name},
                )  # fmt: skip
                mixed.append({**note, "id": name})
    return mixed


def seen(record: Any) -> bytes:
    headers = b"\n".join(name.encode() + b"=" + value for name, value in record.headers)
    return b"\n".join([record.key, headers, record.value])


def all_of(deployed: Deployed) -> list[list[Any]]:
    return deployed.records(deployed.topics.events)


def reached(deployed: Deployed, position: int) -> bool:
    return deployed.relayed() >= position


def forget_marks(deployed: Deployed, topic: str = "%") -> None:
    deployed.mark.database.execute("DELETE FROM relay_mark WHERE topic LIKE ?", (topic,))
