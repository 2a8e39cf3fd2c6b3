"""The companies and people of a log: their ids, and their registration when they are first met."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.events import Event
from domain.events.company import CompanyRegistered, ContactAffiliated, ExternalId
from domain.events.contact import ContactRegistered
from domain.values import UNASSIGNED
from services.adapters.conditions import Row
from services.adapters.ids import to_id
from services.adapters.mapping import Mapping
from services.adapters.rules import Rules


class Introduction(NamedTuple):
    """An event that makes a company or a person known, the rest of its external id, its stream."""

    event: Event
    stream: str
    external: str


class Person(NamedTuple):
    """What the log says of a person."""

    name: str
    email: str | None
    phone: str | None


class People:
    """Knows who is met in a log, by what the columns of customers say."""

    def __init__(self, mapping: Mapping, rules: Rules) -> None:
        self._mapping = mapping
        self._company = rules.company
        self._only = mapping.company.value if mapping.company else None
        self._person, *self._handles = rules.person
        self._names: dict[str, str] = {}
        self._persons: dict[str, Person] = {}
        self._by_name: dict[str, str] = {}
        self._taken: set[str] = set()
        self.companies: set[str] = set()
        self.contacts: set[str] = set()
        self.affiliated: set[tuple[str, str]] = set()

    def meet(self, fields: Sequence[str], ticket: str) -> None:
        """Name a person after the ticket in which the file first speaks of them.

        An id that is made of a name, an address or a hash of one would outlive the person's
        erasure.
        """
        contact = self._mapping.contact
        if contact is None or contact.values == "codes" or self._person is None:
            return
        name = fields[self._person]
        if name not in self._by_name:
            first = unique = f"{contact.prefix or 'person-'}{ticket}"
            number = 1
            while unique in self._taken:
                number += 1
                unique = f"{first}-{number}"
            self._taken.add(unique)
            self._by_name[name] = unique

    def company(self, row: Row) -> str | None:
        """Say the id of a row's company, if it names one."""
        company = self._mapping.company
        value = self._only if self._company is None else row[self._company]
        if company is None or value is None:
            return None
        found = to_id(value, company.prefix, company.strip)
        self._names.setdefault(found, value.strip())
        return found

    def contact(self, row: Row) -> str | None:
        """Say the id of a row's person, if it names one.

        Raises:
            ValueError: If an address stands where the mapping promises codes.
        """
        contact = self._mapping.contact
        if contact is None or self._person is None or (value := row[self._person]) is None:
            return None
        if contact.values == "names":
            found = self._by_name[value]
        elif "@" in value:
            raise ValueError(
                f"{contact.column} holds an address; say values = 'names' in [contact]"
            )
        else:
            found = to_id(value, contact.prefix, contact.strip)
        if found not in self._persons:
            name, email, phone = (None if i is None else row[i] for i in self._handles)
            email = email or (value if "@" in value else None)
            self._persons[found] = Person(name or value.strip(), email, phone)
        return found

    def seen(self, company: str, contact: str | None) -> None:
        """Note who stands in a row that is taken in."""
        if company != UNASSIGNED:
            self.companies.add(company)
        if contact is not None:
            self.contacts.add(contact)
            if company != UNASSIGNED:
                self.affiliated.add((company, contact))

    @property
    def introductions(self) -> int:
        """Count the events that make known who was seen."""
        return len(self.companies) + len(self.contacts) + len(self.affiliated)

    def introduced(
        self, company: str, contact: str | None, met: set[tuple[str, str | None]]
    ) -> Iterator[Introduction]:
        """Yield what must be said before *company* and *contact* can be spoken of.

        Args:
            met: Who was introduced before, by this very method.
        """
        met.add((company, contact))
        if company in self.companies and (company, "") not in met:
            met.add((company, ""))
            yield self._company_registered(company)
        if contact is None:
            return
        if ("", contact) not in met:
            met.add(("", contact))
            yield self._contact_registered(contact)
        if company in self.companies:
            yield Introduction(
                ContactAffiliated(contact_id=contact),
                f"company/{company}",
                f"affiliation:{company}:{contact}",
            )

    def _company_registered(self, company: str) -> Introduction:
        """Register a company, and say of which column it is a value: a site may stand for one."""
        name = self._names[company]
        column = self._mapping.company.column if self._mapping.company else None
        origin = (ExternalId(system=f"{self._mapping.name}:{column}", id=name),) if column else ()
        event = CompanyRegistered(name=name, external_ids=origin)
        return Introduction(event, f"company/{company}", f"company:{company}")

    def _contact_registered(self, contact: str) -> Introduction:
        person = self._persons[contact]
        event = ContactRegistered(
            name=person.name,
            emails=(person.email,) if person.email else (),
            phones=(person.phone,) if person.phone else (),
        )
        return Introduction(event, f"contact/{contact}", f"contact:{contact}")
