"""One plain sentence for every event, that a person can read.

People are named by slots (`projections.slots`); text arrives opened.
"""

from typing import Any

from domain.events import Recorded
from projections import (
    lines_account,
    lines_company,
    lines_duties,
    lines_ticket,
    lines_ties,
)
from projections.phrases import ERASED, LINES, bounded

__all__ = [
    "ERASED",
    "LINES",
    "line_of",
    "lines_account",
    "lines_company",
    "lines_duties",
    "lines_ticket",
    "lines_ties",
]


def line_of(recorded: Recorded[Any]) -> str:
    """Put an event into words."""
    return bounded(LINES[recorded.type](recorded))
