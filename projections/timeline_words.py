"""Finding entries by their words, in the way that is quicker: from the words, or from the time."""

from collections.abc import Iterable
from typing import Any, Final

import orjson

from projections.projection import View
from projections.words import Term, fts5_query, ts_query

FEW: Final = 1000
"""Entries with the words of a search that are quicker sorted than met on the way."""

REMEMBERED: Final = 10_000
"""Searches of which it is remembered that they find many."""

Condition = tuple[str, list[Any]]

QUERY: Final = {"sqlite": fts5_query, "postgresql": ts_query}

FOUND: Final = {
    "sqlite": "SELECT rowid FROM {search} WHERE {search} MATCH ?",
    "postgresql": "SELECT position FROM {search} WHERE words @@ CAST(? AS tsquery)",
}
"""Which entries have the words."""

FROM_WORDS: Final = {
    "sqlite": "position IN (SELECT value FROM json_each(?))",
    "postgresql": "position = ANY(?)",
}
"""An entry is one of those that were found."""

FROM_TIME: Final = {
    "sqlite": f"position IN ({FOUND['sqlite']})",
    "postgresql": "(SELECT words FROM {search} WHERE {search}.position = {entries}.position) "
    "@@ CAST(? AS tsquery)",
}
"""An entry that is met on the way has the words."""

_MANY: Final[dict[tuple[str, str, str], None]] = {}
"""Searches for words that stood in many entries, and so will: entries are only ever added."""


def having_words(view: View, company_id: str, terms: Iterable[Term]) -> Condition:
    """Let through a company's entries that have all *terms*.

    Neither database knows how many those are, so they are counted, and it is left no choice.
    """
    engine = view.database.dialect
    query = QUERY[engine](company_id, terms)
    few = _few(view, FOUND[engine], query)
    if few is None:
        return FROM_TIME[engine], [query]
    return FROM_WORDS[engine], [orjson.dumps(few).decode() if engine == "sqlite" else few]


def _few(view: View, found: str, query: str) -> list[int] | None:
    """Find the entries that have the words, where they are few; ``None`` where they are many."""
    asked = view.database.url, view.table("search"), query
    if asked in _MANY:
        return None
    rows = view.all(f"{found} LIMIT {FEW}", [query])
    if len(rows) < FEW:
        return [position for (position,) in rows]
    if len(_MANY) >= REMEMBERED:
        _MANY.clear()
    _MANY[asked] = None
    return None
