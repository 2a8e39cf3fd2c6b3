"""What a company was worth when something happened: what stands beside an entry of its story."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from projections.briefing_words import BETWEEN, NOT_KNOWN
from projections.phrases import money, plain

STATED: Final = ("arr", "ltv", "currency", "valid_from", "origin", "at", "event_id")
"""What is told of a statement: what it says, who says so, and which event tells it."""

AMOUNTS: Final = ("arr", "ltv")


def context(stated: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tell what the company was worth, as a statement has it; ``None``: nothing was valid."""
    if stated is None:
        return {**dict.fromkeys(STATED), "text": NOT_KNOWN}
    return {**{name: stated[name] for name in STATED}, "text": _in_words(stated)}


def _in_words(stated: Mapping[str, Any]) -> str:
    amounts = (
        f"{name.upper()} {money(Decimal(stated[name]), stated['currency'])}"
        for name in AMOUNTS
        if stated[name] is not None
    )
    told = BETWEEN.join(amounts) or NOT_KNOWN
    return f"{told}, from {stated['valid_from']}, as {plain(stated['origin'])} says"
