"""Everything that can happen to a contact: who a person is, apart from any company."""

from uuid import UUID

from domain.events.base import Event, PersonText, event
from domain.events.company import ExternalId
from domain.values import Code, ContactId


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


@event("contact.merged")
class ContactsMerged(Event):
    """This person is another one we know; recorded on the absorbed contact, and a pointer only."""

    kept_id: ContactId
    reason: PersonText | None = None


@event("contact.merge_reverted")
class ContactMergeReverted(Event):
    """The merge is undone; they are two persons again."""

    merge_event_id: UUID
    reason: PersonText | None = None


AnyContactEvent = ContactRegistered | ContactIdentityLinked | ContactsMerged | ContactMergeReverted
