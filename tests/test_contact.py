"""The rules of a contact: introduced once, known by as many addresses as turn up."""

import pytest

from domain.contact import Contact
from domain.errors import AlreadyRegistered, NotRegistered
from domain.events.contact import ContactIdentityLinked, ContactRegistered
from tests.deciding import decided
from tests.events import happened

INTRODUCED = happened(ContactRegistered, "contact/jan", company=None)
LINKED = happened(ContactIdentityLinked, "contact/jan", company=None)


def test_a_person_is_introduced_once() -> None:
    assert decided(Contact("contact/jan"), INTRODUCED) == [INTRODUCED.data]

    with pytest.raises(AlreadyRegistered):
        decided(Contact.replay("contact/jan", [INTRODUCED]), INTRODUCED)


def test_an_address_belongs_to_somebody_who_was_introduced() -> None:
    with pytest.raises(NotRegistered, match=r"contact\.registered first"):
        decided(Contact("contact/jan"), LINKED)

    known = Contact.replay("contact/jan", [INTRODUCED, LINKED])

    assert decided(known, LINKED) == [LINKED.data]
    assert (known.version, known.company_id) == (2, None)
