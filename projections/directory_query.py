"""What the directory is asked: what is this company, who are these people, who is calling."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from domain.values import Reader, everything, micros, moment, rfc3339
from projections import unions
from projections.affiliations import Tie, ties
from projections.chunks import in_chunks
from projections.database import Row
from projections.handles import domains_of, folded, normal_mail, normal_phone
from projections.projection import View

EVERYTHING: Final = everything()
FOR_EVER: Final = 2**63 - 1

COMPANY: Final = (
    "company_id, name, kind, contact_id, tier, registered_at, events, tickets, last_event_at"
)


def company(view: View, reader: Reader, company_id: str) -> dict[str, Any] | None:
    """Tell what the directory holds of a company; ``None`` if there is none for *reader*."""
    rows = known_companies(view, reader, [company_id])
    if not rows:
        return None
    (found,) = shown(view, reader, rows)
    if reader.public_only:
        return found
    handles = view.all(
        "SELECT kind, value, system FROM {handles} WHERE target_kind = 'company' "
        "AND target_id = ? ORDER BY kind, system, value",
        (company_id,),
    )
    above = unions.wholes_of(view, "subsidiary", [company_id]).get(company_id)
    below = [c for c in unions.parts(view, "subsidiary", [company_id]) if reader.may_read(c)]
    return {
        **found,
        "absorbed": [c for c in unions.companies_in(view, company_id)[1:] if reader.may_read(c)],
        "parent_company_id": above if reader.may_read(above) else None,
        "subsidiaries": below,
        "domains": [value for kind, value, _ in handles if kind == "domain"],
        "external_ids": [
            {"system": system, "id": value} for kind, value, system in handles if kind == "external"
        ],
    }


def contacts_of(
    view: View,
    companies: str | Sequence[str],
    as_of: datetime | None = None,
    known_at: int | None = None,
    *,
    reader: Reader = EVERYTHING,
) -> list[dict[str, Any]]:
    """List the people of a company, each in the last role; those who left come last.

    Whoever was merged into another is that person, with the addresses of both.

    Args:
        companies: Several are listed as one.
        as_of: As it had happened by then.
        known_at: As it was recorded up to this position.
    """
    asked = [companies] if isinstance(companies, str) else companies
    at = _at(as_of, known_at)
    said = ties(view, reader, companies=asked, as_of=as_of, known_at=known_at)
    said.sort(key=lambda tie: tie.lasts(as_of))  # of several companies, the one that lasts
    every = [*_alone(view, asked, "company_id"), *said]
    roots = unions.root_of(view, "contact", {tie.contact_id for tie in every}, at)
    last = {roots[tie.contact_id]: tie for tie in every}
    records = {person: [person, *unions.parts(view, "contact", [person], at)] for person in last}
    named = names(view, last, as_of, known_at)
    reached = _addresses(view, [one for records_of in records.values() for one in records_of])
    people = []
    for contact, tie in sorted(last.items(), key=lambda item: folded(named.get(item[0], "~"))):
        handles = sorted({handle for one in records[contact] for handle in reached.get(one, ())})
        people.append({
            "contact_id": contact,
            "name": named.get(contact),
            "role": tie.role,
            "title": tie.title,
            "vip": tie.vip,
            "valid_from": tie.valid_from,
            "valid_to": tie.valid_to,
            "current": tie.lasts(as_of),
            "emails": [value for kind, value in handles if kind == "mail"],
            "phones": [value for kind, value in handles if kind == "phone"],
            "absorbed": records[contact][1:],
        })  # fmt: skip
    return sorted(people, key=lambda person: not person["current"])


def companies_in(view: View, reader: Reader, company_id: str, *, roll_up: bool) -> list[str]:
    """List a company and what is shown as its own, as far as *reader* may read it."""
    if reader.public_only:
        return [company_id]
    found = unions.companies_in(view, company_id, roll_up=roll_up)
    return [company for company in found if reader.may_read(company)]


def _at(as_of: datetime | None, known_at: int | None) -> unions.At:
    return unions.At(
        FOR_EVER if as_of is None else micros(as_of), FOR_EVER if known_at is None else known_at
    )


def names(
    view: View, ids: Iterable[str], as_of: datetime | None = None, known_at: int | None = None
) -> dict[str, str]:
    """Find the names of contacts, as they had happened and were known; others are left out.

    Args:
        known_at: The last position that counts.
    """
    happened = FOR_EVER if as_of is None else micros(as_of)
    position = FOR_EVER if known_at is None else known_at
    rows = in_chunks(
        view,
        "SELECT contact_id, name FROM {names} WHERE occurred_at <= ? AND position <= ? "
        "AND contact_id IN (…) ORDER BY occurred_at, position",
        ids,
        (happened, position),
    )
    return dict(rows)


def find(
    view: View, reader: Reader = EVERYTHING, *, phone: str | None = None, email: str | None = None
) -> dict[str, Any]:
    """Say who is calling or writing, and how sure that is.

    The confidence is ``exact`` for one person, ``shared`` for several with that number or
    address, ``domain`` for a company by its mail domain alone, and else ``unknown``.
    """
    mail = normal_mail(email or "")
    held = holders(view, "contact", [("phone", normal_phone(phone or "")), ("mail", mail)])
    people = sorted(set(unions.root_of(view, "contact", held).values()))
    callers = [] if reader.public_only else list(_callers(view, reader, people))
    if callers:
        several = len({caller["contact_id"] for caller in callers}) > 1
        return {"confidence": "shared" if several else "exact", "callers": callers}
    for domain in domains_of(mail) if mail else ():
        held = holders(view, "company", [("domain", domain)])
        if rows := known_companies(view, reader, held):
            callers = [_caller(None, None, row[0], row[1], None) for row in rows]
            return {"confidence": "domain", "callers": callers}
    return {"confidence": "unknown", "callers": []}


def known_companies(view: View, reader: Reader, ids: Iterable[str]) -> list[Row]:
    """Read the rows of companies that are registered and within reach."""
    rows = in_chunks(
        view,
        f"SELECT {COMPANY} FROM {{companies}} WHERE registered_at IS NOT NULL "
        "AND company_id IN (…) ORDER BY company_id",
        filter(reader.may_read, ids),
    )
    return list(rows)


def shown(view: View, reader: Reader, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Put companies into the form in which they are answered; a person's is called as they are."""
    rows = list(rows)
    named = names(view, {row[3] for row in rows if row[3]})
    into = unions.wholes_of(view, "company", {row[0] for row in rows})
    found = []
    for company_id, name, kind, contact_id, tier, registered_at, events, tickets, heard_at in rows:
        answer = {"company_id": company_id, "name": name or named.get(contact_id), "kind": kind}
        if not reader.public_only:
            answer |= {
                "contact_id": contact_id,
                "tier": tier,
                "registered_at": rfc3339(moment(registered_at)),
                "events": events,
                "tickets": tickets,
                "last_event_at": rfc3339(moment(heard_at)),
                "merged_into": into.get(company_id),
            }
        found.append(answer)
    return found


def companies_of(view: View, reader: Reader, people: Iterable[str]) -> list[Tie]:
    """List the ties of people, those to a company that is just them included."""
    asked = list(people)
    return [*ties(view, reader, contacts=asked), *_alone(view, asked, "contact_id")]


def holders(view: View, target: str, handles: Iterable[tuple[str, str | None]]) -> list[str]:
    """List the companies or contacts that can be found by any of *handles*."""
    wanted = {value: kind for kind, value in handles if value}
    rows = in_chunks(
        view,
        "SELECT value, kind, target_id FROM {handles} WHERE target_kind = ? AND value IN (…)",
        wanted,
        (target,),
    )
    return sorted({target_id for value, kind, target_id in rows if wanted[value] == kind})


def _callers(view: View, reader: Reader, people: list[str]) -> Iterator[dict[str, Any]]:
    """Yield people with the companies they belong to, or with the last one they belonged to."""
    records = {person: {person, *unions.parts(view, "contact", [person])} for person in people}
    every = {one for records_of in records.values() for one in records_of}
    belonging = companies_of(view, reader, every)
    named = names(view, people)
    rows = known_companies(view, reader, {tie.company_id for tie in belonging})
    called = {row[0]: row[1] for row in rows}
    for person in people:
        mine = [tie for tie in belonging if tie.contact_id in records[person]]
        within = [tie for tie in mine if tie.company_id in called]
        name = named.get(person)
        for tie in [tie for tie in within if tie.lasts()] or within[-1:]:
            yield _caller(person, name, tie.company_id, called[tie.company_id] or name, tie)
        if not mine and reader.companies is None:
            yield _caller(person, name, None, None, None)


def _caller(
    id: str | None, name: str | None, company_id: str | None, company: str | None, tie: Tie | None
) -> dict[str, Any]:
    return {
        "contact_id": id,
        "known_as": tie.contact_id if tie else id,
        "name": name,
        "company_id": company_id,
        "company": company,
        "role": tie.role if tie else None,
        "title": tie.title if tie else None,
        "vip": bool(tie and tie.vip),
        "current": bool(tie and tie.lasts()),
    }


def _alone(view: View, ids: Iterable[str], column: str) -> Iterator[Tie]:
    """Yield the ties of people to the companies that are just them."""
    rows = in_chunks(
        view,
        "SELECT company_id, contact_id FROM {companies} WHERE contact_id IS NOT NULL "
        f"AND {column} IN (…) ORDER BY company_id",
        ids,
    )
    for company_id, contact_id in rows:
        yield Tie(company_id, contact_id, "other", None, vip=False, valid_from=None)


def _addresses(view: View, people: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    reached: dict[str, list[tuple[str, str]]] = {}
    for contact, kind, value in in_chunks(
        view,
        "SELECT target_id, kind, value FROM {handles} WHERE target_kind = 'contact' "
        "AND target_id IN (…) ORDER BY kind, value",
        people,
    ):
        reached.setdefault(contact, []).append((kind, value))
    return reached
