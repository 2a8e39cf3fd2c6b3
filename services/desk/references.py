"""References: a publisher may name a company or a contact by what it knows of it.

``crm=4711`` is an id of another system, ``domain=acme.com``, ``mail=jan@acme.com`` and
``phone=+31201234567`` are addresses.  The store keeps an HMAC of each beside the events.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.events import Event
from domain.events.account import CompanyDomainClaimed, CompanyDomainReleased
from domain.events.company import CompanyRegistered, ContactAffiliated, ContactAffiliationEnded
from domain.events.contact import ContactIdentityLinked, ContactRegistered

Handles = Callable[[Sequence[bytes]], dict[bytes, str]]
SHORTEST_PHONE: Final = 6
AFFILIATION: Final = "affiliation"

REGISTERED: Final = (CompanyRegistered, ContactRegistered)
TELLING: Final = (
    *REGISTERED, ContactIdentityLinked, ContactAffiliated, ContactAffiliationEnded,
    CompanyDomainClaimed, CompanyDomainReleased,
)  # fmt: skip
"""The events that make an address, an external id or an affiliation known."""


def normal(kind: str, value: str) -> str | None:
    """Write an address in its one form; ``None`` if it cannot identify anybody.

    A phone number is ``+`` and digits; one without a country identifies nobody.
    """
    value = value.strip()
    if kind == "phone":
        digits = re.sub(r"\D", "", value)
        has_country = value.startswith(("+", "00"))
        digits = digits.removeprefix("00") if value.startswith("00") else digits
        return f"+{digits}" if has_country and len(digits) >= SHORTEST_PHONE else None
    return value.lower() or None if kind in ("mail", "domain") else value or None


@dataclass(slots=True)
class Fresh:
    """What a commit in the making will add.

    Attributes:
        handles: Addresses and external ids; those in the store came first, and count.
        affiliations: Which company people belong to from now on; these count before the store's.
    """

    handles: dict[bytes, str] = field(default_factory=dict)
    affiliations: dict[bytes, str] = field(default_factory=dict)

    def target(self, digest: bytes, stored: str | None) -> str | None:
        """Say what a handle will lead to, that leads to *stored* now."""
        if digest in self.affiliations:
            return self.affiliations[digest]
        return stored or self.handles.get(digest)


class References:
    """Turns references into ids, by a keyed hash."""

    def __init__(self, key: bytes, handles: Handles) -> None:
        self._key = key
        self._handles = handles

    def within(self, commit: "Fresh") -> "References":
        """Look at the store as it will be after a commit in the making; ask it once only."""
        asked: dict[bytes, str | None] = {}

        def handles(digests: Sequence[bytes]) -> dict[bytes, str]:
            if new := [digest for digest in digests if digest not in asked]:
                asked.update(dict.fromkeys(new))
                asked.update(self._handles(new))
            found = ((digest, commit.target(digest, asked[digest])) for digest in digests)
            return {digest: target for digest, target in found if target}

        return References(self._key, handles)

    def digest(self, kind: str, value: str) -> bytes:
        """Hash one handle; `value` in its normal form."""
        return hmac.digest(self._key, f"{kind}\0{value}".encode(), hashlib.sha256)[:16]

    def resolve(self, wanted: str, reference: str) -> str | None:
        """Find the id of the ``company`` or ``contact`` that *reference* means.

        Args:
            wanted: ``company`` or ``contact``.
            reference: ``kind=value``; a plain id is its own answer.
        """
        if "=" not in reference:
            return reference
        kind, _, value = reference.partition("=")
        found = normal(kind, value)
        if found is None:
            return None
        for candidate in self._candidates(wanted, kind, found):
            target = self._lookup(*candidate)
            if target and target.startswith(f"{wanted}/"):
                return target.split("/", 1)[1]
            if target and wanted == "company":
                company = self.company_of(target.split("/", 1)[1])
                if company:
                    return company
        return None

    def company_of(self, contact_id: str) -> str | None:
        """Find the company that a contact belongs to."""
        company = self._lookup(AFFILIATION, contact_id)
        return company.split("/", 1)[1] if company else None

    def addresses_of(self, stream_id: str, event: Event) -> Iterator[tuple[bytes, str]]:
        """Yield the addresses under which *event* makes its stream known."""
        found: list[tuple[str, str]] = []
        match event:
            case CompanyRegistered():
                found = [("domain", domain) for domain in event.domains]
            case ContactRegistered():
                found = [("mail", mail) for mail in event.emails]
                found += [("phone", phone) for phone in event.phones]
            case ContactIdentityLinked():
                found = [("phone" if event.channel == "phone" else "mail", event.address)]
            case _:
                pass
        for kind, value in found:
            if form := normal(kind, value):
                yield self.digest(kind, form), stream_id

    def externals_of(self, stream_id: str, event: Event) -> Iterator[tuple[bytes, str]]:
        """Yield the ids of other systems under which *event* makes its stream known."""
        if isinstance(event, REGISTERED):
            kind = stream_id.split("/", 1)[0]
            for external in event.external_ids:
                yield self.digest(f"{kind}:{external.system}", external.id.strip()), stream_id

    def turned_by(self, stream_id: str, event: Event) -> tuple[bytes, str] | None:
        """Say what leads elsewhere from now on, empty for nowhere, if *event* does.

        That is the company of a contact, or of a mail domain: the first that claimed it, until
        it is released.
        """
        if isinstance(event, CompanyDomainClaimed | CompanyDomainReleased):
            return self._domain_of(stream_id, event)
        if isinstance(event, ContactAffiliated):
            return self.digest(AFFILIATION, event.contact_id), stream_id
        if not isinstance(event, ContactAffiliationEnded):
            return None
        is_theirs = self._lookup(AFFILIATION, event.contact_id) == stream_id
        return (self.digest(AFFILIATION, event.contact_id), "") if is_theirs else None

    def _domain_of(
        self, stream_id: str, event: CompanyDomainClaimed | CompanyDomainReleased
    ) -> tuple[bytes, str] | None:
        form = normal("domain", event.domain)
        holder = self._lookup("domain", form) if form else None
        if form and isinstance(event, CompanyDomainClaimed) and not holder:
            return self.digest("domain", form), stream_id
        if form and isinstance(event, CompanyDomainReleased) and holder == stream_id:
            return self.digest("domain", form), ""
        return None

    def known(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Find what *digests* lead to."""
        return self._handles(digests)

    def _candidates(self, wanted: str, kind: str, value: str) -> Iterator[tuple[str, str]]:
        if kind in ("domain", "phone"):
            yield kind, value
        elif kind == "mail":
            if wanted == "company" and "@" in value:
                yield "domain", value.rsplit("@", 1)[1]
            yield "mail", value
        else:
            yield f"{wanted}:{kind}", value

    def _lookup(self, kind: str, value: str) -> str | None:
        digest = self.digest(kind, value)
        return self._handles([digest]).get(digest)
