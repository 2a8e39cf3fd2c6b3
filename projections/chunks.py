"""Looking up rows for many ids, a few hundred to a statement."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from projections.database import Row
from projections.projection import View

CHUNK: Final = 500
"""Ids in one statement: far below what either database takes."""


def in_chunks(
    view: View, statement: str, ids: Iterable[str], first: tuple[Any, ...] = ()
) -> Iterator[Row]:
    """Read rows for many ids, in the order of the ids of each chunk.

    Args:
        statement: With ``(…)`` where the ids stand, after all other parameters.
        first: Those other parameters.
    """
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        yield from view.all(statement.replace("…", ",".join("?" * len(chunk))), (*first, *chunk))
