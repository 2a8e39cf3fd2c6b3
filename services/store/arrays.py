"""Arrays in PostgreSQL's binary form, for statements that carry a whole commit.

The driver's own adapter looks at each item by itself, and takes several times as long.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

HEAD: Final = struct.Struct(">iiiii")
"""Dimensions, whether there may be NULLs, type of the elements, their count, first index."""

EMPTY: Final = struct.Struct(">iii")
LENGTH: Final = struct.Struct(">i")
NULL: Final = LENGTH.pack(-1)
LONG: Final = struct.Struct(">q")
LONG_ITEM: Final = struct.Struct(">iq")
TRUE: Final = LENGTH.pack(1) + b"\x01"
FALSE: Final = LENGTH.pack(1) + b"\x00"


class Packed(bytes):
    """An array, ready to be sent.

    Attributes:
        ARRAY: PostgreSQL's number of the array's type.
        ELEMENT: Its number of the elements' type.
    """

    __slots__ = ()
    ARRAY: int
    ELEMENT: int

    @classmethod
    def of(cls, items: list[bytes | None]) -> "Packed":
        """Pack *items*, each in binary form already."""
        parts = [NULL if item is None else LENGTH.pack(len(item)) + item for item in items]
        return cls.joined(parts)

    @classmethod
    def joined(cls, parts: Sequence[bytes]) -> "Packed":
        """Join items that have their length before them."""
        if not parts:
            return cls(EMPTY.pack(0, 0, cls.ELEMENT))
        return cls(HEAD.pack(1, 1, cls.ELEMENT, len(parts), 1) + b"".join(parts))


class Texts(Packed):
    """``text[]``."""

    ARRAY, ELEMENT = 1009, 25


class Blobs(Packed):
    """``bytea[]``."""

    ARRAY, ELEMENT = 1001, 17


class Longs(Packed):
    """``bigint[]``."""

    ARRAY, ELEMENT = 1016, 20


class Bools(Packed):
    """``boolean[]``."""

    ARRAY, ELEMENT = 1000, 16


def texts(values: Iterable[str | None]) -> Packed:
    """Pack texts; ``None`` becomes NULL."""
    return Texts.of([None if value is None else value.encode() for value in values])


def blobs(values: Iterable[bytes]) -> Packed:
    """Pack bytes."""
    return Blobs.of(list(values))


def longs(values: Iterable[int]) -> Packed:
    """Pack whole numbers of up to 64 bits."""
    return Longs.joined([LONG_ITEM.pack(LONG.size, value) for value in values])


def bools(values: Iterable[bool]) -> Packed:
    """Pack truths."""
    return Bools.joined([TRUE if value else FALSE for value in values])


def teach(connection: Connection[Any]) -> None:
    """Let *connection* send packed arrays as they are."""
    for kind in (Texts, Blobs, Longs, Bools):
        dumper = type(kind.__name__, (_AsIs,), {"oid": kind.ARRAY})
        connection.adapters.register_dumper(kind, dumper)


class _AsIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> Packed:
        return obj
