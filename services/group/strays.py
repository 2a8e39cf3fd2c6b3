"""Strays: records on the bus that are not what the store recorded, set aside with their reason.

Whoever may write to the topic can put anything there, also what looks right.  So each record is
held against the store's own row at its position, many by one statement; it is folded only if
nothing differs and it stands in its own partition.  The event that a stray stands for comes by
its own record, or from the store with the next event of its sequence.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from projections.projection import View
from services.bus import Message, partition_of
from services.feed import Stray
from services.headers import ForeignRecord, key_of, row_of
from services.readmodel import ReadModels
from services.store import Log, Row

LARGEST: Final = 2**63 - 1
"""The largest position that a store can be asked for."""

REASON: Final = 200
"""Characters of a reason that are kept; it may quote what somebody sent."""

logger = structlog.get_logger()

Arrived = list[tuple[Row, int]]
"""(what the store recorded, offset of its record)"""


def sort_out(
    log: Log, part: int, partitions: int, messages: Iterable[Message]
) -> tuple[Arrived, list[Stray]]:
    """Tell the records of a partition that are as the store recorded them from all others."""
    read: Arrived = []
    strays: list[Stray] = []
    for message in messages:
        try:
            row = row_of(message.key, message.value, message.headers)
        except ForeignRecord as error:
            strays.append(Stray(message.offset, _plain(str(error))))
        else:
            read.append((row, message.offset))
    recorded = log.found([row.position for row, _ in read if 0 < row.position <= LARGEST])
    arrived: Arrived = []
    for row, offset in read:
        if reason := _difference(row, recorded.get(row.position), part, partitions):
            strays.append(Stray(offset, reason))
        else:
            arrived.append((row, offset))
    return arrived, sorted(strays)


def _difference(row: Row, recorded: Row | None, part: int, partitions: int) -> str:
    """Say what is wrong with a record that can be read; nothing, if it is the relay's."""
    if recorded is None:
        return f"position {row.position}: nothing is recorded there"
    if row != recorded:
        fields = zip(Row._fields, row, recorded, strict=True)
        differing = ", ".join(name for name, sent, kept in fields if sent != kept)
        return f"position {row.position}: not as it was recorded: {differing}"
    home = partition_of(key_of(row), partitions)
    return "" if home == part else f"position {row.position}: it belongs into partition {home}"


def _plain(reason: str) -> str:
    """Write a reason so that every database takes it."""
    return reason[:REASON].encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")


def save(
    models: ReadModels, view: View, part: int, topic: tuple[str, str], strays: Sequence[Stray]
) -> None:
    """Set records aside; inside the transaction that moves the position past them.

    Args:
        topic: Its name and its id.
    """
    if not strays:
        return
    now = time.time_ns() // 1000
    models.database.many(
        "INSERT INTO strays (name, topic, topic_id, part, record_offset, reason, found_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(view.projection.name, *topic, part, *stray, now) for stray in strays],
    )
    logger.warning(
        "set aside",
        projection=view.projection.name,
        topic=topic[0],
        partition=part,
        records=len(strays),
        offset=strays[0].offset,
        reason=strays[0].reason,
    )


def count(models: ReadModels, projection: str) -> int:
    """Count the records that a projection set aside."""
    rows = models.database.execute("SELECT count(*) FROM strays WHERE name = ?", (projection,))
    return int(rows[0][0])
