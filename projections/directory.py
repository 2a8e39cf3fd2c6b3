"""The directory: companies and people by name, phone, mail, domain and ids of other systems.

People and companies come on different partitions, so every row comes out the same in any order
of arrival: what is said twice is decided by when it happened, sets only grow, and the two are
joined when they are read.  Names are kept dated, for views of the past.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.events import Logged
from domain.events.company import CompanyRegistered, ContactAffiliated, ContactAffiliationEnded
from domain.events.contact import ContactIdentityLinked, ContactRegistered
from domain.events.ticket import (
    TicketOpened,
)
from projections import directory_profile, unions
from projections.affiliations import COLUMNS as AFFILIATION
from projections.database import Row
from projections.directory_profile import HANDLE
from projections.directory_query import companies_in, company, contacts_of, find, names
from projections.directory_search import companies
from projections.handles import Handle, folded, normal_mail, normal_phone, words
from projections.phrases import ERASED
from projections.projection import Projection, View, by_stream

__all__ = [
    "apply", "companies", "companies_in", "company", "contacts_of", "directory", "find", "forget",
    "names",
]  # fmt: skip

SCHEMA: Final = (
    """CREATE TABLE {companies} (
    company_id {text} PRIMARY KEY,
    name {text},
    folded {text},
    kind {text},
    contact_id {text},
    tier {text},
    registered_at {bigint},
    position {bigint} NOT NULL,
    events {bigint} NOT NULL,
    tickets {bigint} NOT NULL,
    last_event_at {bigint} NOT NULL)""",
    "CREATE INDEX {companies}_by_contact ON {companies} (contact_id)",
    """CREATE TABLE {contacts} (
    contact_id {text} PRIMARY KEY,
    name {text},
    folded {text},
    locale {text},
    time_zone {text},
    occurred_at {bigint} NOT NULL,
    position {bigint} NOT NULL)""",
    """CREATE TABLE {names} (
    contact_id {text} NOT NULL,
    name {text} NOT NULL,
    occurred_at {bigint} NOT NULL,
    position {bigint} NOT NULL,
    PRIMARY KEY (contact_id, position))""",
    """CREATE TABLE {handles} (
    kind {text} NOT NULL,
    value {text} NOT NULL,
    system {text} NOT NULL,
    target_kind {text} NOT NULL,
    target_id {text} NOT NULL,
    PRIMARY KEY (target_id, target_kind, kind, value, system))""",
    "CREATE INDEX {handles}_by_value ON {handles} (value, kind)",
    """CREATE TABLE {affiliations} (
    position {bigint} PRIMARY KEY,
    occurred_at {bigint} NOT NULL,
    company_id {text} NOT NULL,
    contact_id {text} NOT NULL,
    ended {bool} NOT NULL,
    role {text},
    title {text},
    vip {bool} NOT NULL,
    valid_from {text},
    valid_to {text},
    restricted {bool} NOT NULL)""",
    "CREATE INDEX {affiliations}_by_company ON {affiliations} (company_id)",
    "CREATE INDEX {affiliations}_by_contact ON {affiliations} (contact_id)",
)

TALLY: Final = """INSERT INTO {companies} AS c
(company_id, position, events, tickets, last_event_at) VALUES (?, 0, ?, ?, ?)
ON CONFLICT (company_id) DO UPDATE SET
events = c.events + excluded.events, tickets = c.tickets + excluded.tickets,
last_event_at = CASE WHEN excluded.last_event_at > c.last_event_at
THEN excluded.last_event_at ELSE c.last_event_at END"""

REGISTER: Final = """UPDATE {companies} SET name = ?, folded = ?, kind = ?, contact_id = ?,
tier = ?, registered_at = ?, position = ? WHERE company_id = ?
AND (registered_at IS NULL OR (registered_at, position) < (?, ?))"""

CONTACT: Final = """INSERT INTO {contacts} AS c
(contact_id, name, folded, locale, time_zone, occurred_at, position) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (contact_id) DO UPDATE SET
name = excluded.name, folded = excluded.folded, locale = excluded.locale,
time_zone = excluded.time_zone, occurred_at = excluded.occurred_at, position = excluded.position
WHERE (c.occurred_at, c.position) < (excluded.occurred_at, excluded.position)"""

SEALED: Final = ("mail", "phone", "address", "word")
"""Handles of a person that are gone when the person's key is destroyed."""


@dataclass(slots=True)
class Written:
    """The rows that a page of events adds."""

    companies: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    names: list[Row] = field(default_factory=list)
    handles: list[Handle] = field(default_factory=list)
    affiliations: list[Row] = field(default_factory=list)


def apply(view: View, page: Sequence[Logged]) -> None:
    """Fold a page of events into the directory."""
    view.many(TALLY, _tallies(page))
    written = Written()
    for logged in page:
        _enter(written, logged)
    view.many(REGISTER, written.companies)
    view.many(CONTACT, written.contacts)
    view.many(HANDLE, dict.fromkeys(written.handles))
    directory_profile.keep(view, page)
    unions.keep(view, page)
    view.insert("names", ("contact_id", "name", "occurred_at", "position"), written.names)
    view.insert("affiliations", AFFILIATION, written.affiliations)


directory: Final = Projection(
    name="directory",
    version=3,
    tables=("companies", "contacts", "names", "handles", "affiliations", "profile", "unions"),
    schema=(*SCHEMA, directory_profile.SCHEMA, *unions.SCHEMA),
    apply=apply,
    sequence=by_stream,
)


def forget(view: View, contact_id: str) -> None:
    """Take a person's name and addresses out, as a rebuild does once the key is destroyed."""
    marks = ",".join("?" * len(SEALED))
    view.run(
        "DELETE FROM {handles} WHERE target_kind = 'contact' AND target_id = ? "
        f"AND kind IN ({marks})",
        (contact_id, *SEALED),
    )
    view.run("DELETE FROM {names} WHERE contact_id = ?", (contact_id,))
    view.run("UPDATE {contacts} SET name = NULL, folded = NULL WHERE contact_id = ?", (contact_id,))
    view.run("UPDATE {affiliations} SET title = NULL WHERE contact_id = ?", (contact_id,))


def _tallies(page: Sequence[Logged]) -> Iterator[Row]:
    events, tickets = Counter[str](), Counter[str]()
    latest: dict[str, int] = {}
    for logged in page:
        if (company_id := logged.event.company_id) is None:
            continue
        events[company_id] += 1
        tickets[company_id] += isinstance(logged.event.data, TicketOpened)
        latest[company_id] = max(logged.happened[0], latest.get(company_id, -(2**63)))
    for company_id, count in events.items():
        yield company_id, count, tickets[company_id], latest[company_id]


def _enter(written: Written, logged: Logged) -> None:
    recorded = logged.event
    closed = int(recorded.visibility == "restricted")
    match recorded.data:
        case CompanyRegistered() as registered:
            _register(written, logged, registered)
        case ContactRegistered() as known:
            _know(written, logged, known)
        case ContactIdentityLinked() as linked:
            written.handles += _reached(recorded.local_id, linked.address)
        case ContactAffiliated() as tie:
            since = tie.valid_from.isoformat() if tie.valid_from else None
            told = _told(tie.title)
            written.affiliations.append((
                *_tied(logged, tie.contact_id), 0, tie.role, told, int(tie.vip), since, None, closed
            ))  # fmt: skip
        case ContactAffiliationEnded() as end:
            until = (end.valid_to or recorded.occurred_at.date()).isoformat()
            written.affiliations.append(
                (*_tied(logged, end.contact_id), 1, None, None, 0, None, until, closed)
            )
        case _:
            pass


def _register(written: Written, logged: Logged, known: CompanyRegistered) -> None:
    company, name = logged.event.local_id, known.name
    happened = logged.happened
    row = (name, name and folded(name), known.kind, known.contact_id, known.tier)
    written.companies.append((*row, *happened, company, *happened))
    found = [("id", folded(company), "")]
    found += [("external", external.id, external.system) for external in known.external_ids]
    written.handles += [Handle(*handle, "company", company) for handle in found]


def _know(written: Written, logged: Logged, known: ContactRegistered) -> None:
    contact, name = logged.event.local_id, _told(known.name)
    row = (name, name and folded(name), known.locale, known.time_zone)
    written.contacts.append((contact, *row, *logged.happened))
    if name:
        written.names.append((contact, name, *logged.happened))
    found = [("id", folded(contact), "")]
    found += [("word", word, "") for word in words(name or "")]
    found += [("external", external.id, external.system) for external in known.external_ids]
    written.handles += [Handle(*handle, "contact", contact) for handle in found]
    for address in (*known.emails, *known.phones):
        written.handles += _reached(contact, address)


def _reached(contact_id: str, address: str) -> Iterator[Handle]:
    """Yield the handle of an address, of whatever kind it is; none if it was erased."""
    if address != ERASED:
        if mail := normal_mail(address):
            yield Handle("mail", mail, "", "contact", contact_id)
        elif phone := normal_phone(address):
            yield Handle("phone", phone, "", "contact", contact_id)
        else:
            yield Handle("address", folded(address), "", "contact", contact_id)


def _tied(logged: Logged, contact_id: str) -> Row:
    at, position = logged.happened
    return position, at, logged.event.local_id, contact_id


def _told(text: str | None) -> str | None:
    return None if text == ERASED else text
