"""Times and positions as people type them."""

from datetime import UTC, datetime
from typing import Final

from services.cli.errors import Usage

EXAMPLES: Final = "2026-11-03T14:02:00Z, 2026-11-03T14:02+01:00 or 2026-11-03 (midnight UTC)"
DIGITS: Final = 18
"""Digits of a position, at most: a longer one fits no database."""


def time(text: str | None, option: str) -> datetime | None:
    """Read a time in RFC 3339, or a date, which means its first moment in UTC.

    Raises:
        Usage: If it is neither, or names no zone: nobody guesses which one is meant.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        is_date = len(text) == len("2026-11-03")
        if moment.tzinfo is None and not is_date:
            raise Usage(f"{option}: {text} names no time zone; write {text}Z or {text}+01:00")
        return moment.replace(tzinfo=UTC) if is_date else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Usage(f"{option}: {text!r} is not a time; write {EXAMPLES}") from None


def instant(text: str, option: str) -> datetime | int:
    """Read a position, or a time.

    Raises:
        Usage: If it is neither.
    """
    if text.isdecimal() and text.isascii():
        if len(text) > DIGITS:
            raise Usage(f"{option}: {text} is beyond every position")
        return int(text)
    try:
        found = time(text, option)
    except Usage as error:
        raise Usage(f"{error}; or a position, such as 4711") from None
    assert found is not None  # noqa: S101  there was a text
    return found
