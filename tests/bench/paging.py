"""P11 and P16: a page of a timeline, and a search in it, however many others there are."""

from collections.abc import Iterator
from typing import Final

from domain.values import Reader
from projections.cursor import Cursors
from projections.projection import View
from projections.timeline_filter import Filter
from projections.timeline_query import page
from projections.words import fts5_query, parse, ts_query
from tests.bench.crowd import COMMON, OFTEN, RARE, crowd
from tests.bench.harness import Figure, Prepare, at_most, beside, cost, interleaved
from tests.bench.places import Bench

COMPANY: Final = "c-7"
AGENT: Final = Reader(frozenset(("public", "internal")))
CURSORS: Final = Cursors(bytes(32))
TIMES: Final = 100
SEARCHES: Final = 20
"""Pages, and searches, of one round."""

BARE: Final = (
    "SELECT position, company_seq, occurred_at, document FROM {entries} "
    "WHERE company_id = ? AND (occurred_at, position) > (?, ?) "
    "ORDER BY occurred_at, position LIMIT 50"
)
WANTED: Final = "SELECT position, company_seq, occurred_at, document FROM"
ORDER: Final = "company_id = ? ORDER BY occurred_at, position LIMIT 50"
MATCHES: Final = {
    "sqlite": "SELECT rowid AS position FROM {search} WHERE {search} MATCH ?",
    "postgresql": "SELECT position FROM {search} WHERE words @@ CAST(? AS tsquery)",
}
FROM_WORDS: Final = {
    "sqlite": (
        f"{WANTED} {{search}} CROSS JOIN {{entries}} ON position = {{search}}.rowid "
        f"WHERE {{search}} MATCH ? AND {ORDER}"
    ),
    "postgresql": (
        f"{WANTED} ({MATCHES['postgresql']}) AS found JOIN {{entries}} USING (position) "
        f"WHERE {ORDER}"
    ),
}


def pages(bench: Bench) -> Iterator[Figure]:
    """P11 and P16: 50 entries from the middle, beside the same rows by one bare SELECT."""
    small, large = 10_000, bench.size(1_000_000, 100_000)
    for engine in bench.places.engines:
        few, many = (crowd(bench.places, engine, size) for size in (small, large))
        works = [_ours(few), _ours(many), _bare(few), _bare(many)]
        took = interleaved(works, rounds=bench.rounds + 2, by=cost)
        for size, mine, theirs in ((small, took[0], took[2]), (large, took[1], took[3])):
            yield beside(
                "P11", f"page of 50 of {size:,} entries, {engine}, by a bare SELECT", mine,
                theirs, reach=at_most(1.5), unit="µs", hint="signing 51 cursors; joining",
            )  # fmt: skip
        yield beside(
            "P11", f"page of 50, {large:,} entries by {small:,}, {engine}", took[1], took[0],
            reach=at_most(1.3), unit="µs", hint="deeper index pages, less of them in the cache",
        )  # fmt: skip
        yield from _searches(bench, many)


def _ours(view: View) -> Prepare:
    start = page(view, AGENT, COMPANY, Filter(), CURSORS, limit=30, head=2**40).next

    def work() -> int:
        for _ in range(TIMES):
            page(view, AGENT, COMPANY, Filter(), CURSORS, after=start, head=2**40).json()
        return TIMES

    return lambda: work


def _bare(view: View) -> Prepare:
    sql = view.sql(BARE)
    last = view.all("SELECT occurred_at, position FROM {entries} WHERE company_id = ? "
                    "ORDER BY occurred_at, position LIMIT 1 OFFSET 29", (COMPANY,))[0]  # fmt: skip

    def work() -> int:
        for _ in range(TIMES):
            view.database.execute(sql, (COMPANY, *last))
        return TIMES

    return lambda: work


def _searches(bench: Bench, view: View) -> Iterator[Figure]:
    engine = view.database.dialect
    for name, words in (("a rare word", RARE), ("two common words", f"{COMMON} {OFTEN}")):
        from_time = f"{WANTED} {{entries}} WHERE position IN ({MATCHES[engine]}) AND {ORDER}"
        theirs = [_engine(view, sql, words) for sql in (FROM_WORDS[engine], from_time)]
        took = interleaved([_search(view, words), *theirs], rounds=bench.rounds + 2, by=cost)
        # From the words or from the time: which is faster depends on how many there are.
        fastest = [min(figures) for figures in zip(*took[1:], strict=True)]
        yield beside(
            "P16", f"search {name}, {engine}, by the engine's best query", took[0], fastest,
            reach=at_most(1.5), unit="µs", hint="the engine reads every match of the company",
        )  # fmt: skip


def _search(view: View, words: str) -> Prepare:
    def work() -> int:
        for _ in range(SEARCHES):
            page(view, AGENT, COMPANY, Filter(search=words), CURSORS, head=2**40).json()
        return SEARCHES

    return lambda: work


def _engine(view: View, sql: str, words: str) -> Prepare:
    write = fts5_query if view.database.dialect == "sqlite" else ts_query
    match, sql = write(COMPANY, parse(words)), view.sql(sql)

    def work() -> int:
        for _ in range(SEARCHES):
            view.database.execute(sql, (match, COMPANY))
        return SEARCHES

    return lambda: work
