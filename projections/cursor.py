"""Cursors: opaque, signed marks in a pass over a timeline.

A cursor keeps the head of the log when the pass began, so that the pass sees the log as it was
then, and the place of one entry, after or before which it goes on.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hashlib import blake2b
from hmac import compare_digest
from struct import Struct
from typing import ClassVar, Final, NamedTuple

from domain.errors import CursorRefused

DIGEST: Final = 8
"""Bytes of a filter's digest."""

MAC: Final = 16
"""Bytes of the signature."""

_PASS: Final = Struct(f">Q{DIGEST}s")
"""Head and digest of the filter: the same for all cursors of a page."""

_PLACE: Final = Struct(">qQ")
"""occurred_at and position of one entry."""

_CONTENT: Final = _PASS.size + _PLACE.size

LENGTH: Final = (_CONTENT + MAC) * 4 // 3
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
    """Writes and reads cursors, signed with one key."""

    PERSON: ClassVar = b"cursor"
    """Sets the signatures of one class apart from those of another with the same key."""

    def __init__(self, key: bytes) -> None:
        """Take a secret of at most 64 bytes, without which no cursor can be made or changed."""
        self._key = key
        self._signer = blake2b(key=key, digest_size=MAC, person=self.PERSON)

    def veiled(self) -> "VeiledCursors":
        """Make cursors whose content cannot be read, under the same key."""
        return VeiledCursors(self._key)

    def write(self, cursor: Cursor) -> str:
        """Write one cursor: 64 characters, safe in a URL."""
        place = (cursor.occurred_at, cursor.position)
        return self.write_all(cursor.head, cursor.digest, [place])[0].decode()

    def write_all(self, head: int, digest: bytes, places: Iterable[tuple[int, int]]) -> list[bytes]:
        """Write the cursors of a page's entries, given as (occurred_at, position)."""
        raw = b"".join(self._signed(_PASS.pack(head, digest), places))
        text = b2a_base64(raw, newline=False).translate(_TO_URL)
        return [text[start : start + LENGTH] for start in range(0, len(text), LENGTH)]

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
        content = self._opened(raw)
        signer = self._signer.copy()
        signer.update(content)
        if not compare_digest(signer.digest(), raw[_CONTENT:]):
            raise CursorRefused(
                "the cursor was changed, or signed elsewhere; begin again without a cursor"
            )
        head, asked = _PASS.unpack_from(content)
        when, position = _PLACE.unpack_from(content, _PASS.size)
        if asked != digest:
            raise CursorRefused(
                "the cursor belongs to another company or filter; "
                "repeat the filter it came from, or begin again without a cursor"
            )
        return Cursor(head, when, position, asked)

    def _signed(self, begun: bytes, places: Iterable[tuple[int, int]]) -> list[bytes]:
        """Sign each of *places* after what was *begun*."""
        common = self._signer.copy()
        common.update(begun)
        signed = []
        for when, position in places:
            place = _PLACE.pack(when, position)
            signer = common.copy()
            signer.update(place)
            signed.append(begun + place + signer.digest())
        return signed

    def _opened(self, raw: bytes) -> bytes:
        return raw[:_CONTENT]


class VeiledCursors(Cursors):
    """Cursors for customers, who may not count positions: their content cannot be read."""

    PERSON: ClassVar = b"veiled cursor"

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self._veil = blake2b(key=key, digest_size=_CONTENT, person=b"veil")

    def _signed(self, begun: bytes, places: Iterable[tuple[int, int]]) -> list[bytes]:
        signed = super()._signed(begun, places)
        return [self._opened(raw) + raw[_CONTENT:] for raw in signed]

    def _opened(self, raw: bytes) -> bytes:
        """Cover the content with a pad that only key and signature give; twice uncovers it."""
        veil = self._veil.copy()
        veil.update(raw[_CONTENT:])
        pad = int.from_bytes(veil.digest(), "big")
        return (int.from_bytes(raw[:_CONTENT], "big") ^ pad).to_bytes(_CONTENT, "big")
