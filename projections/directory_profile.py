"""What companies are called, their tier and their mail domains: the last that was said counts."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.events import Logged
from domain.events.account import (
    CompanyDomainClaimed,
    CompanyDomainReleased,
    CompanyProfileChanged,
)
from domain.events.company import CompanyRegistered
from projections.database import Row
from projections.handles import Handle, folded, words
from projections.projection import View

SCHEMA: Final = """CREATE TABLE {profile} (
    company_id {text} NOT NULL,
    field {text} NOT NULL,
    occurred_at {bigint} NOT NULL,
    position {bigint} NOT NULL,
    value {text},
    PRIMARY KEY (company_id, field, position))"""

COLUMNS: Final = ("company_id", "field", "occurred_at", "position", "value")

DOMAIN: Final = "domain "
"""Begins the field of a mail domain, whose value says whether it is the company's."""

LAST: Final = """SELECT value FROM {profile} WHERE company_id = ? AND field = ?
ORDER BY occurred_at DESC, position DESC LIMIT 1"""

HANDLE: Final = """INSERT INTO {handles} (kind, value, system, target_kind, target_id)
VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""

DROP: Final = """DELETE FROM {handles} WHERE kind = 'domain' AND value = ?
AND target_kind = 'company' AND target_id = ?"""


def keep(view: View, page: Sequence[Logged]) -> None:
    """Keep what a page says of companies, and put them as was said last."""
    said = {row[:2] + row[3:4]: row for logged in page for row in _said(logged)}
    view.insert("profile", COLUMNS, list(said.values()))
    for company_id, field in dict.fromkeys(row[:2] for row in said.values()):
        (last,) = view.one(LAST, (company_id, field)) or (None,)
        if field.startswith(DOMAIN):
            _domain(view, company_id, field.removeprefix(DOMAIN), held=last is not None)
        elif field == "name":
            changed = "UPDATE {companies} SET name = ?, folded = ? WHERE company_id = ?"
            view.run(changed, (last, last and folded(last), company_id))
            found = [Handle("word", word, "", "company", company_id) for word in words(last or "")]
            view.many(HANDLE, found)
        else:
            view.run("UPDATE {companies} SET tier = ? WHERE company_id = ?", (last, company_id))


def _domain(view: View, company_id: str, domain: str, *, held: bool) -> None:
    if held:
        view.run(HANDLE, Handle("domain", domain, "", "company", company_id))
    else:
        view.run(DROP, (domain, company_id))


def _said(logged: Logged) -> Iterator[Row]:
    """Yield what an event says: a company, a field of it, when and where, and the value."""
    company_id, (at, position) = logged.event.local_id, logged.happened
    match logged.event.data:
        case CompanyRegistered() as known:
            yield company_id, "name", at, position, known.name
            yield company_id, "tier", at, position, known.tier
            for domain in known.domains:
                yield company_id, DOMAIN + domain.strip().lower(), at, position, "held"
        case CompanyProfileChanged(changes=changes):
            for change in changes:
                if change.field in ("name", "tier"):
                    yield company_id, change.field, at, position, change.new
        case CompanyDomainClaimed(domain=domain):
            yield company_id, DOMAIN + domain.strip().lower(), at, position, "held"
        case CompanyDomainReleased(domain=domain):
            yield company_id, DOMAIN + domain.strip().lower(), at, position, None
        case _:
            pass
