"""One record as it was read."""

from typing import Any, NamedTuple


class Message(NamedTuple):
    """A record of one partition, bytes untouched."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def message(record: Any) -> Message:
    """Take what counts from the client's record."""
    return Message(record.offset, record.key, record.value, record.headers)
