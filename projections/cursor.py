"""Cursors: opaque, sealed marks in a pass over a timeline.

A cursor keeps the head of the log when the pass began, so that the pass sees the log as it was
then, and the place of one entry, after or before which it goes on.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from struct import Struct, pack
from threading import Lock
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from domain.errors import CursorRefused

DIGEST: Final = 8
"""Bytes of a filter's digest."""

BLOCK: Final = 16

_PASS: Final = Struct(f">Q{DIGEST}s")
"""Head and digest of the filter: the same for all cursors of a page."""

_PLACE: Final = Struct(">qq")
"""occurred_at and position of one entry."""

LENGTH: Final = 3 * BLOCK * 4 // 3
"""Characters of a cursor."""

_SHAPE: Final = re.compile(f"[A-Za-z0-9_-]{{{LENGTH}}}", re.ASCII)
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


class Cursor(NamedTuple):
    """A place in a pass.

    Attributes:
        head: The position of the log's head when the pass began.
        occurred_at: When the entry happened, in microseconds since 1970.
        position: The entry's position.
        digest: What was asked: company, filter and kind of reader.
    """

    head: int
    occurred_at: int
    position: int
    digest: bytes


class Cursors:
    """Writes and reads cursors, sealed with one secret: nobody can read, make or change one.

    A page's cursors are written all at once: AES over the places side by side takes no longer
    than over one.  A cursor has three blocks: the pass, enciphered; the place, covered; and the
    seal, a CBC-MAC over both, which is never over more or less than two blocks, and which the
    cover is drawn from.
    """

    def __init__(self, secret: bytes) -> None:
        """Take a secret of at most 64 bytes."""
        self._pass, self._seal, self._cover = (
            _Blocks(blake2b(key=secret, digest_size=32, person=use).digest())
            for use in (b"cursor pass", b"cursor seal", b"cursor cover")
        )

    def write(self, cursor: Cursor) -> str:
        """Write one cursor: 64 characters, safe in a URL."""
        head, when, position, digest = cursor
        return self.write_all(head, digest, [when], [position])[0].decode()

    def write_all(
        self, head: int, digest: bytes, times: Sequence[int], positions: Sequence[int]
    ) -> tuple[bytes, ...]:
        """Write the cursors of a page's entries, given when they happened and their positions."""
        count = len(positions)
        begun = _PASS.pack(head, digest)
        places = _places(times, positions)
        seals = self._sealed(begun, places)
        covered = _xor(places, self._cover.hide(seals))
        woven = memoryview(bytearray(3 * BLOCK * count)).cast("Q")
        blocks = (self._pass.hide(begun) * count, covered, seals)
        for column, block in enumerate(memoryview(b).cast("Q") for b in blocks):
            woven[2 * column :: 6], woven[2 * column + 1 :: 6] = block[0::2], block[1::2]
        text = b2a_base64(woven, newline=False).translate(_TO_URL)
        return _apart(count).unpack(text)

    def read(self, text: str, digest: bytes) -> Cursor:
        """Read a cursor back, for the same question.

        Raises:
            CursorRefused: If it is not a cursor of ours, was changed, or belongs to another
                company or filter.
        """
        if not _SHAPE.fullmatch(text):
            raise CursorRefused(
                f"this is not a cursor: a cursor has {LENGTH} letters, digits, - and _; "
                "take it unchanged from `next`, `prev` or an entry"
            )
        raw = a2b_base64(text.encode().translate(_FROM_URL))
        hidden, covered, seal = raw[:BLOCK], raw[BLOCK:-BLOCK], raw[-BLOCK:]
        begun = self._pass.show(hidden)
        place = _xor(covered, self._cover.hide(seal))
        if not compare_digest(self._sealed(begun, place), seal):
            raise CursorRefused(
                "the cursor was changed, or signed elsewhere; begin again without a cursor"
            )
        head, asked = _PASS.unpack(begun)
        if asked != digest:
            raise CursorRefused(
                "the cursor belongs to another company or filter; "
                "repeat the filter it came from, or begin again without a cursor"
            )
        when, position = _PLACE.unpack(place)
        return Cursor(head, when, position, asked)

    def _sealed(self, begun: bytes, places: bytes) -> bytes:
        """Seal each of *places* after what was *begun*, a block for each."""
        first = self._seal.hide(begun)
        return self._seal.hide(_xor(places, first * (len(places) // BLOCK)))


class _Blocks:
    """AES over any number of blocks, each for itself: what seal and cover are built from.

    To make a context takes longer than to use it, so it is kept, and threads take turns.
    """

    def __init__(self, key: bytes) -> None:
        cipher = Cipher(AES(key), ECB())  # noqa: S305  a block is all that is ever hidden by it
        self._hiding, self._showing = cipher.encryptor(), cipher.decryptor()
        self._turn = Lock()

    def hide(self, blocks: bytes) -> bytes:
        with self._turn:
            return self._hiding.update(blocks)

    def show(self, blocks: bytes) -> bytes:
        with self._turn:
            return self._showing.update(blocks)


def _places(times: Sequence[int], positions: Sequence[int]) -> bytes:
    """Pack one block for each entry."""
    numbers = [0] * (2 * len(positions))
    numbers[0::2], numbers[1::2] = times, positions
    return pack(f">{len(numbers)}q", *numbers)


def _xor(these: bytes, those: bytes) -> bytes:
    return (int.from_bytes(these) ^ int.from_bytes(those)).to_bytes(len(these))


@lru_cache(256)
def _apart(count: int) -> Struct:
    """Cut a text into cursors."""
    return Struct(f"{LENGTH}s" * count)
