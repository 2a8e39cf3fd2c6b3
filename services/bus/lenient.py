"""Records that the client refuses to read, read all the same.

Kafka says that the name of a header is text, and no broker checks it.  The client cannot read
such a record, nor any later one of its batch: whoever may publish could hold everybody up.
"""

from typing import Any, Final

from kafka.record.default_records import DefaultRecordBatch

_Batch: Final[Any] = DefaultRecordBatch
_read: Final = _Batch._read_msg  # noqa: SLF001


class _Escaped(bytearray):
    """Bytes that can always be read as text: what is not UTF-8 comes escaped."""

    def __getitem__(self, where: Any) -> Any:
        found = super().__getitem__(where)
        return _Escaped(found) if isinstance(where, slice) else found

    def decode(self, *_: Any, **__: Any) -> str:
        """Read as text, escaping what is none."""
        return super().decode("utf-8", "backslashreplace")


def _read_leniently(batch: Any) -> Any:
    try:
        return _read(batch)
    except UnicodeDecodeError:
        plain, batch._buffer = batch._buffer, _Escaped(batch._buffer)  # noqa: SLF001
        try:
            return _read(batch)
        finally:
            batch._buffer = plain  # noqa: SLF001


def read_leniently() -> None:
    """Let this process read what it would be held up by; asking again changes nothing."""
    _Batch._read_msg = _read_leniently  # noqa: SLF001
