"""What answers about a company as a whole look like, for ``/openapi.json``."""

from typing import Any, Literal

from pydantic import Field

from domain.values import Moment
from services.api.shapes import Company, Name, Shape


class Person(Shape):
    """Somebody at a company, in their last role."""

    contact_id: str
    name: Name
    role: Name
    title: Name
    vip: bool
    valid_from: Name
    valid_to: Name
    current: bool
    emails: list[str]
    phones: list[str]
    absorbed: list[str] = Field([], description="contacts that turned out to be this person")


class ExternalId(Shape):
    """What another system calls it."""

    system: str
    id: str


class CompanyFile(Company):
    """A company, by what it can be found, and its people."""

    absorbed: list[str] = Field([], description="companies that go on as this one")
    parent_company_id: Name = None
    subsidiaries: list[str] = Field([])
    domains: list[str] = Field([])
    external_ids: list[ExternalId] = Field([])
    contacts: list[Person]
    as_of: Moment | None = Field(None, description="as it had happened by then")
    position: int | None = Field(None, description="the largest position that counts")
    dossier: dict[str, Any] | None = Field(
        None, description="the company's record, and its open tickets by id"
    )
    together: dict[str, Any] | None = Field(
        None, description="the same with its subsidiaries, and records merged with it"
    )
    merged_into: str | None = Field(None, description="the record that is kept instead")
    names: dict[str, str] = Field({}, description="of people, by contact/ID or staff/ID")
    stale: bool = Field(False, description="the position waited for has not come in time")


class Briefing(Shape):
    """The ten-second card."""

    class Line(Shape):
        """One line; what is not known says so."""

        name: Literal[
            "who", "worth", "burning", "promise", "last_contact", "distress", "recurring", "tried"
        ]
        text: str
        events: list[str] = Field(description="ids of the events that tell it")

    class Footer(Shape):
        """How fresh the card is, measured against what is recorded of the company."""

        text: str = Field(examples=["as of event 48,213 · 0.4 s ago · up to date"])
        position: int
        committed_at: Moment = Field(description="when what stands there was recorded")
        age_seconds: float
        lag_events: int = Field(description="the company's events that the card lacks")
        lag_seconds: float = Field(description="for how long the first of them has waited")
        state: Literal["current", "behind", "paused", "parked"]

    company_id: str
    as_of: Moment
    position: int
    digest: str = Field(description="SHA-256 of the card, names not filled in, whoever is calling")
    lines: list[Line]
    sections: dict[str, Any]
    names: dict[str, str] = Field(description="of people, by contact/ID or staff/ID")
    footer: Footer
    stale: bool = Field(description="the position waited for has not come in time")


class Callers(Shape):
    """Who may be calling."""

    class Caller(Shape):
        """A person with a company they belong to, or belonged to last."""

        contact_id: str | None
        known_as: str | None = Field(
            description="the record of the person by which the company knows them"
        )
        name: Name
        company_id: str | None
        company: Name
        role: Name
        title: Name
        vip: bool
        current: bool

    confidence: Literal["exact", "shared", "domain", "unknown"]
    callers: list[Caller]


class CompanyDifference(Shape):
    """What changed in a company between two instants."""

    positions: list[int]
    words: list[str]
    changes: list[dict[str, Any]]
    before: dict[str, Any]
    after: dict[str, Any]
