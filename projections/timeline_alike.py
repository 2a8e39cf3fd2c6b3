"""What tickets say of their trouble, and which others hold the same words: from the timeline.

The full-text index is asked for each word by itself, the newest entries first and only so many;
a rare word counts for more.  That takes the same time whatever a company wrote, finds words by
their stems, and gives the same answer on both databases.
"""

from collections.abc import Iterable, Sequence
from math import log
from typing import Any, Final

import orjson

from domain.events.ticket import CustomerMessageReceived, TicketClassified, TicketOpened
from projections.database import Row
from projections.duplicates import Account
from projections.likeness import forms
from projections.projection import View
from projections.words import Term, cut, fts5_query, ts_query

TELLING: Final = (TicketOpened.TYPE, TicketClassified.TYPE, CustomerMessageReceived.TYPE)
"""Events that say what a ticket is about."""

SEEN: Final = frozenset({"public", "internal"})
CLOSED: Final = frozenset({"restricted"})
"""Visibilities of what all of our people may read, and of what few may."""

FIRST: Final = 8
"""Such events of a ticket that are read: what is said later is mostly an answer."""

Wanted = tuple[Term, ...]
"""One word or phrase that is looked for, in any of its forms."""

NEWEST: Final = 1_000
"""Entries with a word that are looked at: who calls on the same trouble calls about now."""

TERMS: Final = 30
"""Words of a ticket that are looked for."""

RARE: Final = 200
"""Entries with a word that are all looked at."""

TELL_APART: Final = 12
"""Rare words that suffice; a ticket of fewer is looked for by common ones, too."""

MANY: Final = 300
"""Entries that hold most of the words and are looked up."""

CANDIDATES: Final = 12
"""Tickets that are compared in full."""


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


FOUND: Final = {
    "sqlite": "SELECT rowid FROM {search} WHERE {search} MATCH ? AND rowid <= ? LIMIT ?",
    "postgresql": "SELECT position FROM {search} WHERE words @@ CAST(? AS tsquery) "
    "AND position <= ? LIMIT ?",
}
LAST: Final = {
    "sqlite": "SELECT rowid FROM {search} WHERE {search} MATCH ? AND rowid <= ? "
    "ORDER BY rowid DESC LIMIT ?",
    # Left the choice, PostgreSQL might walk back along the positions, and read every text.
    "postgresql": "WITH found AS MATERIALIZED (SELECT position FROM {search} "
    "WHERE words @@ CAST(? AS tsquery) AND position <= ?) "
    "SELECT position FROM found ORDER BY position DESC LIMIT ?",
}
"""Entries with a word: all of them, where they are few, or the last ones."""

ENTRIES: Final = f"""SELECT position, ticket_id, type, visibility, occurred_at, document
    FROM {{entries}} WHERE company_id = ? AND ticket_id = ? AND position <= ?
    AND type IN ({_marks(TELLING)}) ORDER BY occurred_at, position LIMIT ?"""


def account(
    view: View, companies: Iterable[str], ticket_id: str, upto: int, *, in_full: bool = False
) -> Account | None:
    """Read what a ticket says of its trouble; ``None`` if it was not opened.

    Args:
        companies: Whose streams its chain may have.
        ticket_id: That of its chain.
        upto: The last position that counts.
        in_full: With what is restricted, for those who may read that.
    """
    rows = [
        row
        for company in companies
        for row in view.all(ENTRIES, (company, ticket_id, upto, *TELLING, FIRST))
    ]
    rows.sort(key=lambda row: (row[4], row[0]))
    opening = next((row for row in rows if row[2] == TicketOpened.TYPE), None)
    return _account(ticket_id, opening, rows[:FIRST], in_full=in_full) if opening else None


def alike_tickets(
    view: View, companies: Iterable[str], of: Account, upto: int, *, in_full: bool = False
) -> list[str]:
    """Find tickets that share rare words with one, the likeliest first; itself left out."""
    seen = SEEN | CLOSED if in_full else SEEN
    found: dict[str, float] = {}
    for company in companies:
        weights = _weights(view, company, _terms(of), upto)
        places = sorted(weights, key=lambda place: (-weights[place], -place))[:MANY]
        for place, ticket in _telling(view, company, places, seen):
            found[ticket] = found.get(ticket, 0.0) + weights[place]
    found.pop(of.ticket_id, None)
    return sorted(found, key=lambda ticket: (-found[ticket], ticket))[:CANDIDATES]


def withheld_tickets(view: View, companies: Iterable[str], of: Account, upto: int) -> list[str]:
    """Find tickets of which restricted events name an installation that *of* names, too."""
    terms = [_phrase(one) for one in sorted(of.installations)]
    found: dict[str, None] = {}
    for company in companies:
        weights = _weights(view, company, list(filter(None, terms)), upto)
        places = sorted(weights, reverse=True)[:MANY]
        rows = _telling(view, company, places, CLOSED)
        found.update(dict.fromkeys(ticket for _, ticket in rows))
    return sorted(found.keys() - {of.ticket_id})[:CANDIDATES]


def _terms(of: Account) -> list[Wanted]:
    """Write what to look for: error codes, words of the subject, words of the rest."""
    coded = [_phrase(code) for code in of.codes.values()]
    named = [_phrase(one) for one in sorted(of.installations)]
    said = [_word(stem) for stem in dict.fromkeys((*of.subject_stems, *of.stems))]
    return [term for term in dict.fromkeys((*coded, *named, *said)) if term][:TERMS]


def _word(stem: str) -> Wanted:
    return tuple(Term(tuple(form.split()), prefix=False) for form in forms(stem))


def _phrase(text: str) -> Wanted:
    words = tuple(cut(text))
    return (Term(words, prefix=False),) if words else ()


def _weights(view: View, company: str, wanted: Sequence[Wanted], upto: int) -> dict[int, float]:
    """Weigh entries by what they hold of what is wanted, the rarer the more.

    Words that stand in many entries are looked at only where few others tell them apart.
    """
    dialect = view.database.dialect
    sqlite = dialect == "sqlite"
    write, either = (fts5_query, " OR ") if sqlite else (ts_query, " | ")
    rare, common = list[list[int]](), list[str]()
    for terms in wanted:
        query = either.join(write(company, [term]) for term in terms)
        places = [place for (place,) in view.all(FOUND[dialect], (query, upto, RARE + 1))]
        if len(places) > RARE:
            common.append(query)
        else:
            rare.append(places)
    found = sorted(filter(None, rare), key=len)
    for query in common[: max(0, TELL_APART - len(found))]:
        found.append([place for (place,) in view.all(LAST[dialect], (query, upto, NEWEST))])
    weights: dict[int, float] = {}
    for places in found:
        weight = log(1 + 4 * NEWEST / len(places))
        for place in places:
            weights[place] = weights.get(place, 0.0) + weight
    return weights


def _telling(
    view: View, company: str, places: Sequence[int], visibilities: frozenset[str]
) -> list[Row]:
    """Read which of some entries tell of a ticket's trouble, and of which ticket."""
    if not places:
        return []
    seen = sorted(visibilities)
    return view.all(
        "SELECT position, ticket_id FROM {entries} WHERE company_id = ? "
        f"AND ticket_id IS NOT NULL AND visibility IN ({_marks(seen)}) "
        f"AND type IN ({_marks(TELLING)}) AND position IN ({_marks(places)})",
        (company, *seen, *TELLING, *places),
    )


def _account(ticket_id: str, opening: Row, rows: Sequence[Row], *, in_full: bool) -> Account:
    told: dict[str, Any] = {}
    installations, withheld, said = set[str](), set[str](), list[str]()
    for _, _, type_name, visibility, _, document in rows:
        event = orjson.loads(b"{" + bytes(document))["data"]
        named = event.get("installation_ids") or ()
        if visibility in CLOSED and not in_full:
            withheld.update(named)
            continue
        installations.update(named)
        said += [text for name in ("description", "body") if (text := event.get(name))]
        if type_name != CustomerMessageReceived.TYPE:
            told |= {name: value for name, value in event.items() if value is not None}
    return Account(
        ticket_id=ticket_id,
        began=(opening[4], opening[0]),
        subject=told.get("subject") or "",
        said="\n".join(said),
        requester=told.get("requester_id"),
        installations=frozenset(installations),
        product=told.get("product_id"),
        category=told.get("category"),
        signature=told.get("signature"),
        is_restricted=opening[3] in CLOSED and not in_full,
        withheld=frozenset(withheld),
    )
