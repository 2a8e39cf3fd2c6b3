"""Records on the topic of events that no relay wrote: mangled ones, forged ones, other people's."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from random import Random
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer

from services.bus import partition_of
from services.headers import Header, headers_of, key_of
from services.store import Row
from tests.broker.deployed import PARTITIONS, Deployed


class Sent(NamedTuple):
    """One record to be sent."""

    key: bytes | None
    value: bytes | None
    headers: list[Header]
    part: int


class RawName(str):
    """The name of a header that is no text; the client is made to send its bytes."""

    __slots__ = ()

    def encode(self, *_: Any, **__: Any) -> bytes:
        return b"\xff\xfe"


def genuine(row: Row) -> Sent:
    """Write what the relay writes."""
    key = key_of(row)
    return Sent(key, row.state, headers_of(row, "longcase"), partition_of(key, PARTITIONS))


def send(deployed: Deployed, records: Iterable[Sent]) -> list[tuple[int, int]]:
    """Put records on the topic of events, each into its partition; say where they stand."""
    with closing(
        KafkaProducer(bootstrap_servers=deployed.settings.kafka, acks="all", batch_size=256 * 1024)
    ) as producer:
        topic = deployed.topics.events
        futures = [producer.send(topic, r.value, r.key, r.headers, r.part) for r in records]
        producer.flush()
        return [(future.value.partition, future.value.offset) for future in futures]


def mangled(random: Random, rows: Sequence[Row], row: Row) -> Sent:
    """Damage what the relay writes of *row*, in a way that counts."""
    damage = random.choice(DAMAGES)
    return damage(random, rows, row)


def _value_flipped(random: Random, _: Sequence[Row], row: Row) -> Sent:
    value = bytearray(row.state)
    value[random.randrange(len(value))] ^= 1 << random.randrange(8)
    return genuine(row)._replace(value=bytes(value))


def _value_cut(random: Random, _: Sequence[Row], row: Row) -> Sent:
    return genuine(row)._replace(value=row.state[: random.randrange(len(row.state))])


def _tombstone(_: Random, __: Sequence[Row], row: Row) -> Sent:
    return genuine(row)._replace(value=None)


def _header_flipped(random: Random, _: Sequence[Row], row: Row) -> Sent:
    def flip(value: bytes) -> bytes:
        broken = bytearray(value)
        broken[random.randrange(len(broken))] ^= 0x80
        return bytes(broken)

    return _with(row, random.choice(NEEDED), flip)


def _header_lost(random: Random, _: Sequence[Row], row: Row) -> Sent:
    lost = random.choice(NEEDED)
    sent = genuine(row)
    return sent._replace(headers=[each for each in sent.headers if each[0] != lost])


def _header_twice(random: Random, _: Sequence[Row], row: Row) -> Sent:
    sent = genuine(row)
    again = (random.choice(NEEDED), b"%d" % random.randrange(10**6, 10**9))
    return sent._replace(headers=[*sent.headers, again])


def _header_huge(random: Random, _: Sequence[Row], row: Row) -> Sent:
    return _with(row, random.choice(NEEDED), lambda value: value * random.choice((300, 3_000)))


def _header_unnamed(_: Random, __: Sequence[Row], row: Row) -> Sent:
    sent = genuine(row)
    return sent._replace(headers=[(RawName("x"), b"y"), *sent.headers[:-3]])


def _key_swapped(random: Random, rows: Sequence[Row], row: Row) -> Sent:
    others = [key for key in {key_of(each) for each in rows[:200]} if key != key_of(row)]
    return genuine(row)._replace(key=random.choice([None, b"", b"\xff", *others]))


def _elsewhere(random: Random, _: Sequence[Row], row: Row) -> Sent:
    sent = genuine(row)
    return sent._replace(part=(sent.part + random.randrange(1, PARTITIONS)) % PARTITIONS)


def _foreign(random: Random, _: Sequence[Row], row: Row) -> Sent:
    value = random.choice((b"", b"hello", b"\x00\x01", b"{}", b"null", random.randbytes(200)))
    sent = genuine(row)
    headers = random.choice(([], [("traceparent", b"00-1-2-01")], [("ce_sequence", b"")]))
    return sent._replace(value=value, headers=headers)


def _another_position(random: Random, rows: Sequence[Row], row: Row) -> Sent:
    position = random.choice(
        (0, -1, row.position + 1, len(rows) + 1, 2**63 - 1, 2**63, 10**30, 10**5000)
    )
    return _with(row, "ce_sequence", lambda _: str_of(position))


def _next_of_its_company(_: Random, __: Sequence[Row], row: Row) -> Sent:
    """Forge the event that is to come: right in everything but that nobody recorded it."""
    forged = row._replace(
        position=row.position + 1,
        stream_version=row.stream_version + 1,
        company_seq=None if row.company_seq is None else row.company_seq + 1,
    )
    return genuine(forged)


def _another_text(_: Random, __: Sequence[Row], row: Row) -> Sent:
    """Forge a text: every header is right."""
    return genuine(row)._replace(value=row.state.replace(b'"internal"', b'"public"') + b" ")


def _with(row: Row, name: str, change: Callable[[bytes], bytes]) -> Sent:
    sent = genuine(row)
    headers = [(each, change(value) if each == name else value) for each, value in sent.headers]
    return sent._replace(headers=headers)


def str_of(number: int) -> bytes:
    """Write a number of any length."""
    return b"1" + b"0" * 5000 if number > 10**100 else b"%d" % number


NEEDED: Final = ("ce_sequence", "ce_subject", "ce_streamversion", "ce_type", "ce_committedat")
"""The headers without which an event cannot be folded."""

DAMAGES: Final = (
    _value_flipped, _value_cut, _tombstone, _header_flipped, _header_lost, _header_twice,
    _header_huge, _header_unnamed, _key_swapped, _elsewhere, _foreign, _another_position,
    _next_of_its_company, _another_text,
)  # fmt: skip
