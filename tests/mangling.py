"""Records as they come out of a broken publisher or a hostile one: good ones, mangled by chance.

Each is seeded, so that what was met once can be met again.
"""

from collections.abc import Callable
from random import Random
from uuid import UUID

from services.bus import Message
from tests.inboxes import batch, binary, encoded, event, message, structured

ODD = (
    b"\x00",
    b"\xff",
    b"\\u0000",
    b"\\ud800",
    b"1e400",
    b"NaN",
    b"{",
    b"}",
    b'"',
    b"]",
    b"\xf0\x9f",
)


def good(random: Random, count: int) -> list[Message]:
    """Write good records, in every mode; no two of their ids are alike."""
    return [_good(random) for _ in range(count)]


def _good(random: Random) -> Message:
    cloud = event(
        id=str(UUID(int=random.getrandbits(128))),
        data={"contact_id": "jan", "body": "Frames drop. " * random.randint(1, 20)},
    )
    made = random.choice((structured, binary, lambda c: message(encoded(c)), batch))
    return made(cloud)._replace(key=b"%d" % random.randrange(50))


def mangled(random: Random, record: Message) -> Message:
    """Damage a record, once or a few times."""
    for _ in range(random.randint(1, 3)):
        record = random.choice(DAMAGES)(random, record)
    return record


def _flipped(random: Random, record: Message) -> Message:
    value = bytearray(record.value or b"x")
    if value:
        value[random.randrange(len(value))] ^= 1 << random.randrange(8)
    return record._replace(value=bytes(value))


def _cut(random: Random, record: Message) -> Message:
    value = record.value or b""
    return record._replace(value=value[: random.randrange(len(value) + 1)])


def _doubled(random: Random, record: Message) -> Message:
    value = record.value or b""
    begin, end = sorted((random.randrange(len(value) + 1), random.randrange(len(value) + 1)))
    return record._replace(value=value[:end] + value[begin:])


def _odd_bytes(random: Random, record: Message) -> Message:
    value = record.value or b""
    at = random.randrange(len(value) + 1)
    return record._replace(value=value[:at] + random.choice(ODD) + value[at:])


def _without_value(random: Random, record: Message) -> Message:
    return record._replace(value=None)


def _header_twice(random: Random, record: Message) -> Message:
    if not record.headers:
        return record._replace(headers=[("ce_id", b"\xff\xfe")])
    return record._replace(headers=[*record.headers, random.choice(record.headers)])


def _header_lost(random: Random, record: Message) -> Message:
    kept = [*record.headers]
    if kept:
        kept.pop(random.randrange(len(kept)))
    return record._replace(headers=kept)


def _header_flipped(random: Random, record: Message) -> Message:
    headers = [*record.headers]
    if headers:
        at = random.randrange(len(headers))
        name, value = headers[at]
        broken = bytearray(value or b"x")
        broken[random.randrange(len(broken))] ^= 1 << random.randrange(8)
        headers[at] = (name, bytes(broken))
    return record._replace(headers=headers)


Damage = Callable[[Random, Message], Message]
DAMAGES: tuple[Damage, ...] = (
    _flipped, _flipped, _cut, _doubled, _odd_bytes, _without_value, _header_twice, _header_lost,
    _header_flipped,
)  # fmt: skip
