"""Full-text search: one way to cut text into words, one grammar, two engines.

Words are folded and cut here, so that SQLite and PostgreSQL are given the same ones and find
the same entries.  There is no stemming: tickets come in many languages.  A query is words,
``"quoted phrases"``, and a last word of which the beginning is enough.
"""

import re
from collections.abc import Iterator
from functools import cache
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
_MARKS: Final = re.compile("[\u0300-\u036f]+")
_TERM: Final = re.compile(r'"([^"]*)"?|([^\s"]+)')
_QUOTES: Final = str.maketrans("“”„«»", '"""""')


class Term(NamedTuple):
    """Words that must stand side by side; of the last one the beginning may be enough."""

    words: tuple[str, ...]
    prefix: bool


def cut(text: str) -> list[str]:
    """Cut *text* into words without case and accents."""
    if text.isascii():
        return _WORD.findall(text.lower())
    return _WORD.findall(_MARKS.sub("", normalize("NFKD", text)).casefold())


def texts(part: Part) -> Iterator[str]:
    """Yield every text in *part* that a reader sees: not choices, nor ids of people."""
    for name in _readable(type(part)):
        value = getattr(part, name)
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


@cache
def company_word(company_id: str) -> str:
    """Turn a company's id into one word of the index."""
    return "c" + blake2b(company_id.encode(), digest_size=10).hexdigest()


def for_sqlite(text: str) -> str:
    """Prepare *text* for FTS5's ``ascii`` tokenizer, which cuts ASCII text just as `cut` does."""
    return text if text.isascii() else " ".join(cut(text))


def for_postgresql(company_id: str, text: str) -> str:
    """Write *text* as a ``tsvector``, the company among its words.

    The sign before the company's word stands in no other word, so no text can forge it.
    """
    words = [f"{word[:LONGEST]}:{place}" for place, word in enumerate(cut(text), 1)]
    return f"@{company_word(company_id)} {' '.join(words)}"


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


def fts5_query(company_id: str, terms: tuple[Term, ...]) -> str:
    """Write a query for FTS5; every word is quoted, so no operator reaches the engine."""
    found = " AND ".join(f'"{" ".join(term.words)}"{"*" * term.prefix}' for term in terms)
    return f'company : "{company_word(company_id)}" AND body : ({found})'


def ts_query(company_id: str, terms: tuple[Term, ...]) -> str:
    """Write the same query as a ``tsquery``."""
    found = " & ".join(
        "(" + " <-> ".join(f"'{word}'" for word in term.words) + f"{':*' * term.prefix})"
        for term in terms
    )
    return f"'@{company_word(company_id)}' & {found}"
