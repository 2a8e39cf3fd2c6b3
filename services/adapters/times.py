"""From a source's way of writing a time to microseconds since 1970."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from domain.values import micros

TimeReader = Callable[[str], int]
"""Reads a time; raises ValueError if it is none."""

DIGITS: Final = {
    "Y": ("year", r"\d{4}"),
    "m": ("month", r"\d{1,2}"),
    "d": ("day", r"\d{1,2}"),
    "H": ("hour", r"\d{1,2}"),
    "M": ("minute", r"\d{1,2}"),
    "S": ("second", r"\d{1,2}"),
    "f": ("microsecond", r"\d{1,6}"),
}
"""The directives of numbers, which are read here: `strptime` takes four times as long."""

UNITS: Final = {"unix": 1_000_000, "unix-ms": 1_000}


def time_reader(form: str, zone: str | None) -> TimeReader:
    """Build the reader of one way of writing times.

    Args:
        form: Directives of `strptime`, or ``iso``, ``unix`` (seconds) or ``unix-ms``.
        zone: Assumed where a time names none itself, such as ``Europe/Rome``.

    Raises:
        ValueError: If there is no such zone, or the form reads no time.
    """
    assumed = _zone(zone) if zone else None
    if form in UNITS:
        return lambda text: round(float(text) * UNITS[form])
    read = datetime.fromisoformat if form == "iso" else _reader(form)

    @lru_cache(maxsize=65_536)
    def to_micros(text: str) -> int:
        time = read(text.strip())
        if time.tzinfo is None:
            if assumed is None:
                raise ValueError("it names no time zone; give the mapping's time.zone")
            time = time.replace(tzinfo=assumed)
        try:
            return micros(time.astimezone(UTC))
        except OverflowError:
            raise ValueError("it lies outside the years 1 to 9999") from None

    return to_micros


def says_zone(form: str) -> bool:
    """Say whether times of this form always carry their zone."""
    return form in UNITS or "%z" in form


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(
            f"no time zone is called {name!r}; write one such as Europe/Rome"
        ) from None


def _reader(form: str) -> Callable[[str], datetime]:
    directives = re.findall(r"%(.)", form)
    if not {"Y", "m", "d"} <= set(directives) or not set(directives) <= DIGITS.keys():
        _try(form)
        return lambda text: datetime.strptime(text, form)  # noqa: DTZ007  the zone comes after
    names = [DIGITS[d][0] for d in directives]
    pattern = re.compile(
        re.sub(
            r"%(.)", lambda found: f"({DIGITS[found[1]][1]})", re.escape(form).replace(r"\%", "%")
        ),
        re.ASCII,
    )

    def read(text: str) -> datetime:
        found = pattern.fullmatch(text)
        if found is None:
            raise ValueError(f"it is not of the form {form}")
        parts = {}
        for name, digits in zip(names, found.groups(), strict=True):
            parts[name] = int(digits.ljust(6, "0") if name == "microsecond" else digits)
        return datetime(**parts)  # type: ignore[arg-type]  # noqa: DTZ001  the zone comes after

    return read


def _try(form: str) -> None:
    """Raise ValueError if what *form* writes, *form* does not read."""
    known = datetime(2024, 2, 29, 13, 14, 15, tzinfo=UTC)
    read = datetime.strptime(known.strftime(form), form)  # noqa: DTZ007  see above
    if abs(read.replace(tzinfo=UTC) - known) > timedelta(days=1):
        raise ValueError(f"the format {form!r} has no day, month and year to read")
