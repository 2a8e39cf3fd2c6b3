"""Which company an event belongs to: named, inherited, the person's, or nobody's yet."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from domain.aggregate import Aggregate
from domain.errors import OtherCompany, UnknownCompany
from domain.values import UNASSIGNED
from services.desk.references import References
from services.wire import Report

WITHOUT: Final = ("contact", "product", "reads")
"""Kinds of stream that belong to no company."""


OWN: Final = "person:"
"""Begins the id of a company that is one person; the contact's id follows."""

LONGEST: Final = 128
"""Characters of an id."""


def person_of(company_id: str | None) -> str | None:
    """Say which contact a company is, if it is one person's own."""
    if company_id is None or not company_id.startswith(OWN):
        return None
    return company_id.removeprefix(OWN)


class Companies(Protocol):
    """Where it is known which companies there are."""

    def company_exists(self, company_id: str) -> bool:
        """Say whether a company was ever recorded."""


class Belonging:
    """Answers for one commit in the making."""

    def __init__(
        self,
        companies: Companies,
        references: References,
        is_introduced: Callable[[str], bool],
        turned_out: Callable[[str], str],
    ) -> None:
        """Answer from what is known.

        Args:
            is_introduced: Says whether a contact, by its id, was ever registered.
            turned_out: Names the contact that a contact turned out to be, itself if no other.
        """
        self._companies = companies
        self._references = references
        self._is_introduced = is_introduced
        self._turned_out = turned_out
        self._known = {UNASSIGNED}

    def company_of(self, report: Report, aggregate: Aggregate[Any]) -> str | None:
        """Say which company the event belongs to.

        A reference that means no company is as good as none: an older stream stays where it
        is, a new one goes to the company of the person it is about.

        Raises:
            UnknownCompany: If a company is named that nobody registered.
            OtherCompany: If a company's own stream is reported for another one.
        """
        kind = aggregate.stream_id.split("/", 1)[0]
        if kind in WITHOUT:
            return None
        named = self.resolve(report.company) if report.company else None
        if kind == "company":
            return self._own(aggregate, named)
        if aggregate.version and (named is None or self._stays(report, aggregate)):
            return aggregate.company_id
        return self.existing(named) if named else self._home(report)

    def resolve(self, reference: str) -> str | None:
        """Find the id of the company that *reference* means."""
        return self._references.resolve("company", reference)

    def existing(self, company_id: str) -> str:
        """Answer *company_id*, if there is such a company.

        Raises:
            UnknownCompany: If nobody registered it.
        """
        if not self._exists(company_id):
            raise UnknownCompany(
                f"no company {company_id} is registered; report company.registered first, "
                "or leave the company out"
            )
        return company_id

    def registered(self, company_id: str) -> None:
        """Know a company that this commit registers."""
        self._known.add(company_id)

    def _exists(self, company_id: str) -> bool:
        if company_id not in self._known and self._companies.company_exists(company_id):
            self._known.add(company_id)
        return company_id in self._known

    def _home(self, report: Report) -> str:
        """Name the company of the person a new stream is about, if we know the person.

        Whoever has no company is one: a company of kind individual.
        """
        person = report.company and self._references.resolve("contact", report.company)
        if not person and report.event.ABOUT:
            person = getattr(report.event, report.event.ABOUT)
        if not person or not self._is_introduced(person):
            return UNASSIGNED
        home = self._references.company_of(person)
        if not home:  # the record they were merged into may say more
            person = self._turned_out(person)
            home = self._references.company_of(person) or OWN + person
        return home if len(home) <= LONGEST else UNASSIGNED

    def _own(self, aggregate: Aggregate[Any], named: str | None) -> str:
        if named and named != aggregate.local_id:
            raise OtherCompany(f"{aggregate.stream_id} cannot speak for company {named}")
        return aggregate.local_id

    def _stays(self, report: Report, aggregate: Aggregate[Any]) -> bool:
        """Whether the publisher may still name another company than the stream's.

        One does not learn that a ticket was moved; and a reference that meant nobody when the
        ticket was opened may mean somebody by now, while the ticket waits to be moved.
        """
        was_moved = aggregate.stream_id != report.stream_id
        is_reference = report.company is not None and "=" in report.company
        return was_moved or (is_reference and aggregate.company_id == UNASSIGNED)
