"""Full-text search: one way to cut text into words, one grammar, two engines.

Words are folded and cut here, so that SQLite and PostgreSQL are given the same ones and find
the same entries.  There is no stemming: tickets come in many languages.  A query is words,
``"quoted phrases"``, and a last word of which the beginning is enough.

Each word is kept behind a mark of its company.  So a search reads what its own company wrote
and no more, which matters most where the beginning of a word is enough.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints
from unicodedata import normalize

from domain.errors import QueryRefused
from domain.events.base import Part

MOST: Final = 32
"""Words of a query."""

LONGEST: Final = 128
"""Characters of a word, in the index and in a query; PostgreSQL takes 2,046 bytes at most."""

_SINGLE: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Characters of scripts that put no spaces between words: each is a word of its own."""

_WORD: Final = re.compile(f"[{_SINGLE}]|[^\\W_{_SINGLE}]+")
_PLAIN: Final = (
    bytes(letter if chr(letter).isalnum() else 32 for letter in range(128)).lower().ljust(256)
)
"""Folds ASCII letters, and turns what is neither letter nor digit into spaces."""

_SIGNS: Final = "\u2026\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u00a0"
"""Dashes, quotes, dots: often all that is not ASCII in a text, and never part of a word."""

_MARKS: Final = re.compile("[\u0300-\u036f]+")
_TERM: Final = re.compile(r'"([^"]*)"?|([^\s"]+)')
_QUOTES: Final = str.maketrans("“”„«»", '"""""')


class Term(NamedTuple):
    """Words that must stand side by side; of the last one the beginning may be enough."""

    words: tuple[str, ...]
    prefix: bool


def cut(text: str) -> list[str]:
    """Cut *text* into words without case and accents."""
    if not text.isascii():
        for sign in _SIGNS:
            text = text.replace(sign, " ")
    if text.isascii():
        return text.encode().translate(_PLAIN).decode().split()
    return _WORD.findall(_MARKS.sub("", normalize("NFKD", text)).casefold())


def texts(part: Part) -> Iterator[str]:
    """Yield every text in *part* that a reader sees: not choices, nor ids of people."""
    for name in _readable(type(part)):
        value = getattr(part, name)
        if value is None:
            continue
        if isinstance(value, str):
            yield value
            continue
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str):
                yield item
            elif item is not None:
                yield from texts(item)


@cache
def _readable(model: type[Part]) -> tuple[str, ...]:
    hints = get_type_hints(model, include_extras=True)
    return tuple(name for name in model.model_fields if _holds_text(tuple(_inside(hints[name]))))


def _inside(hint: Any) -> Iterator[Any]:
    yield hint
    for inner in get_args(hint):
        yield from _inside(inner)


def _holds_text(inside: tuple[Any, ...]) -> bool:
    if any(get_origin(hint) is Literal or hint in ("contact", "staff") for hint in inside):
        return False
    return any(isinstance(hint, type) and issubclass(hint, (str, Part)) for hint in inside)


@lru_cache(4096)
def _mark(company_id: str) -> str:
    """Shorten a company's id to a few letters of fixed length; two may share them, rarely."""
    return blake2b(company_id.encode(), digest_size=3).hexdigest()


def for_sqlite(company_id: str, text: str) -> str:
    """Write *text* for FTS5's ``ascii`` tokenizer, which takes any run of our letters whole."""
    mark = _mark(company_id)
    words = cut(text)
    return mark + f" {mark}".join(words) if words else ""


def for_postgresql(company_id: str, text: str) -> str:
    """Write *text* as a ``tsvector``.

    PostgreSQL keeps 16,383 places in a text and 256 of a word; behind them words are found,
    phrases are not.
    """
    mark = _mark(company_id)
    return " ".join([f"{mark}{word[:LONGEST]}:{place}" for place, word in enumerate(cut(text), 1)])


def parse(query: str) -> tuple[Term, ...]:
    """Read a query.

    Raises:
        QueryRefused: If it has no word, more than 32, or one of more than 128 characters.
    """
    terms: list[Term] = []
    quoted = True
    for phrase, word in _TERM.findall(query.translate(_QUOTES)):
        if words := tuple(cut(phrase or word)):
            terms.append(Term(words, prefix=False))
            quoted = not word
    count = sum(len(term.words) for term in terms)
    if not count:
        raise QueryRefused("a search needs at least one word of letters or digits")
    if count > MOST:
        raise QueryRefused(f"a search takes at most {MOST} words; this one has {count}")
    if any(len(word) > LONGEST for term in terms for word in term.words):
        raise QueryRefused(f"a word of a search has at most {LONGEST} characters")
    terms[-1] = terms[-1]._replace(prefix=not quoted)
    return tuple(terms)


def fts5_query(company_id: str, terms: Iterable[Term]) -> str:
    """Write a query for FTS5; every word is quoted, so no operator reaches the engine."""
    mark = _mark(company_id)
    return " AND ".join(
        f'"{" ".join(mark + word for word in term.words)}"{"*" * term.prefix}' for term in terms
    )


def ts_query(company_id: str, terms: Iterable[Term]) -> str:
    """Write the same query as a ``tsquery``."""
    mark = _mark(company_id)
    return " & ".join(
        "(" + " <-> ".join(f"'{mark}{word}'" for word in term.words) + f"{':*' * term.prefix})"
        for term in terms
    )
