"""The small phrases that lines are made of, and the list of lines.

Whatever a user wrote goes through `said` or `plain`: one line, bounded, without control
characters, and unable to forge a slot.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from domain.events import Event, Recorded
from projections.slots import CLOSES, OPENS, slot

QUOTED: Final = 160
"""Characters of a user's text that a line quotes."""

LONGEST: Final = 240
"""Characters of a whole line, slots counted by their ids."""

ERASED: Final = "[erased]"
"""What stands for a text whose key is destroyed."""

MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ue000\ue001]")
"""Control characters, which steer a terminal; turns of direction; the marks of a slot."""

E = TypeVar("E", bound=Event)
Line = Callable[[Recorded[Any]], str]

LINES: Final[dict[str, Line]] = {}
"""Stored name of an event to the function that puts it into words."""


def line(model: type[E]) -> Callable[[Callable[[Recorded[E]], str]], Callable[[Recorded[E]], str]]:
    """Enter the function that puts events of *model* into words."""

    def enter(function: Callable[[Recorded[E]], str]) -> Callable[[Recorded[E]], str]:
        if model.TYPE in LINES:
            raise ValueError(f"{model.TYPE} has two lines")
        LINES[model.TYPE] = function
        return function

    return enter


def plain(text: str, limit: int = 80) -> str:
    """Make a user's text safe within a line: no breaks, at most *limit* characters."""
    if len(text) > limit or not text.isprintable() or "  " in text:
        text = _UNSAFE.sub("\ufffd", " ".join(text[: 4 * limit].split()))
        if len(text) > limit:
            text = text[: limit - 1].rstrip() + "…"
    return text


def said(text: str | None, before: str = "") -> str:
    """Quote what somebody wrote, after *before*; say nothing if there is nothing."""
    if not text:
        return ""
    return f"{before}{ERASED}" if text == ERASED else f'{before}"{plain(text, QUOTED)}"'


def told(text: str | None, before: str = ": ") -> str:
    """Repeat what was written without quotation marks."""
    return f"{before}{plain(text, QUOTED)}" if text else ""


def who(recorded: Recorded[Any]) -> str:
    """Name who did it."""
    role, person = recorded.actor.split("/", 1)
    if role == "system":
        return "The system" if person == "unnamed" else person
    return slot("staff" if role == "agent" else "contact", person)


def contact(id: str | None, before: str = "", otherwise: str = "") -> str:
    """Name a person of the customer's."""
    return before + slot("contact", id) if id else otherwise


def staff(id: str | None, before: str = "", otherwise: str = "") -> str:
    """Name one of ours."""
    return before + slot("staff", id) if id else otherwise


def by_agent(recorded: Recorded[Any]) -> str:
    """Say by whom, if it was one of ours."""
    role, person = recorded.actor.split("/", 1)
    return staff(person, " by ") if role == "agent" else ""


def when(moment: datetime, now: datetime) -> str:
    """Say a time as ``3 Nov 17:00 UTC``, with the year if it is not that of *now*."""
    return f"{day(moment, now)} {moment:%H:%M} UTC"


def day(day: date, now: date) -> str:
    """Say a day as ``3 Nov``, with the year if it is not that of *now*."""
    year = "" if day.year == now.year else f" {day.year}"
    return f"{day.day} {MONTHS[day.month - 1]}{year}"


def span(seconds: float) -> str:
    """Say a length of time as ``38 min`` or ``4 h 5 min``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{round(seconds)} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def money(amount: Decimal, currency: str | None) -> str:
    """Say an amount as ``EUR 480,000``."""
    shown = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,f}"
    return f"{currency} {shown}" if currency else shown


def trend(code: str | None) -> str:
    """Say how pressure develops."""
    return {"improving": " eases", "worsening": " grows", "same": " stays"}.get(code or "", "")


def words(code: str) -> str:
    """Read a code as words: ``first_reply`` is *first reply*."""
    return plain(code.replace("_", " "))


def listed(items: Iterable[str], most: int = 4, between: str = ", ") -> str:
    """List the first few of *items* and count the rest."""
    named = [item for item in items if item]
    rest = len(named) - most
    return between.join(named[:most]) + (f" and {rest} more" if rest > 0 else "")


def bounded(text: str) -> str:
    """Cut a line that grew too long, never within a slot."""
    if len(text) <= LONGEST:
        return text
    kept = text[: LONGEST - 1]
    opened = kept.rfind(OPENS)
    if opened >= 0 and text.index(CLOSES, opened) >= len(kept):
        kept = kept[:opened]
    return kept.rstrip() + "…"
