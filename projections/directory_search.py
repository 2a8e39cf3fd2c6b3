"""Finding companies by whatever one has: an id, part of a name, an address, a person's name."""

from collections.abc import Iterator
from typing import Any, Final

from domain.values import Reader
from projections.database import Row
from projections.directory_query import COMPANY, companies_of, known_companies, shown
from projections.handles import domains_of, folded, normal_mail, normal_phone, words
from projections.projection import View

RANK: Final = {"id": 0, "external": 1, "domain": 1, "mail": 1, "phone": 1, "name": 2, "contact": 3}
"""By what a company is matched; the lower the better."""

CANDIDATES: Final = 2_000
"""Names looked at for one beginning; who types a single letter gets some of those it fits."""


def companies(
    view: View, reader: Reader, text: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Find companies by id, the beginnings of a name's words, domain, phone, mail or a contact.

    Each says by what it is `matched`; the best match comes first, then who was heard of last.
    Without *text* all are listed.
    """
    asked = (text or "").strip()
    if not asked:
        return shown(view, reader, _listed(view, reader, limit))
    matched = _matched(view, reader, asked)
    rows = known_companies(view, reader, matched)
    rows.sort(key=lambda row: (RANK[matched[row[0]]], -row[8], row[0]))
    answers = shown(view, reader, rows[:limit])
    return [{**answer, "matched": matched[answer["company_id"]]} for answer in answers]


def _listed(view: View, reader: Reader, limit: int) -> list[Row]:
    if reader.companies is not None:
        rows = known_companies(view, reader, reader.companies)
        return sorted(rows, key=lambda row: (-row[8], row[0]))[:limit]
    return view.all(
        f"SELECT {COMPANY} FROM {{companies}} WHERE registered_at IS NOT NULL "
        "ORDER BY last_event_at DESC, company_id LIMIT ?",
        (limit,),
    )


def _matched(view: View, reader: Reader, text: str) -> dict[str, str]:
    """Find the companies that *text* may mean, each with the best it is matched by."""
    found: dict[str, str] = {}
    people: dict[str, str] = {}
    for how, kind, target in (*_exactly(view, text), *_begun(view, text)):
        place = found if kind == "company" else people
        if target not in place or RANK[how] < RANK[place[target]]:
            place[target] = how
    if not reader.public_only:
        for tie in companies_of(view, reader, people):
            how = people[tie.contact_id]
            how = how if how in ("mail", "phone") else "contact"
            if RANK[how] < RANK.get(found.get(tie.company_id, ""), len(RANK)):
                found[tie.company_id] = how
    return found


def _exactly(view: View, text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (by what, kind of target, id) for handles that *text* is."""
    mail, phone = normal_mail(text), normal_phone(text)
    forms: set[tuple[str, str | None]]
    forms = {("id", folded(text)), ("external", text), ("domain", text.lower())}
    forms |= {("mail", mail), ("phone", phone)}
    forms |= {("domain", domain) for domain in (domains_of(mail) if mail else ())}
    values = sorted({value for _, value in forms if value})
    marks = ",".join("?" * len(values))
    for kind, value, target_kind, target in view.all(
        f"SELECT kind, value, target_kind, target_id FROM {{handles}} WHERE value IN ({marks})",
        values,
    ):
        if (kind, value) in forms:
            yield kind, target_kind, target


def _begun(view: View, text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the same for names of which every word of *text* begins a word."""
    wanted = sorted(words(text), key=len, reverse=True)
    if not wanted:
        return
    more = "".join(
        " AND EXISTS (SELECT 1 FROM {handles} o WHERE o.target_id = h.target_id "
        "AND o.target_kind = h.target_kind AND o.kind = 'word' AND o.value >= ? AND o.value < ?)"
        for _ in wanted[1:]
    )
    bounds = [bound for word in wanted for bound in (word, f"{word}\U0010ffff")]
    for target_kind, target in view.all(
        "SELECT DISTINCT h.target_kind, h.target_id FROM {handles} h WHERE h.kind = 'word' "
        f"AND h.value >= ? AND h.value < ?{more} ORDER BY 1, 2 LIMIT {CANDIDATES}",
        bounds,
    ):
        yield "name", target_kind, target
