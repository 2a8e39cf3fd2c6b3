"""Everything that can happen to a contact: who a person is, apart from any company."""

from domain.events.base import Event, PersonText, event
from domain.events.company import ExternalId
from domain.values import Code


@event("contact.registered")
class ContactRegistered(Event):
    """A person is known, with the addresses they use."""

    name: PersonText
    emails: tuple[PersonText, ...] = ()
    phones: tuple[PersonText, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    locale: Code | None = None
    time_zone: Code | None = None


@event("contact.identity_linked")
class ContactIdentityLinked(Event):
    """Another address turned out to be the same person."""

    channel: Code
    address: PersonText
    evidence: PersonText | None = None


AnyContactEvent = ContactRegistered | ContactIdentityLinked
