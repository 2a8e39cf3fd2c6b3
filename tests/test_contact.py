"""The rules of a contact: introduced once, known by as many addresses as turn up."""

import pytest

from domain.contact import Contact
from domain.errors import (
    AlreadyMerged,
    AlreadyRegistered,
    MergedIntoItself,
    NotRegistered,
    UnknownMerge,
)
from domain.events.contact import (
    ContactIdentityLinked,
    ContactMergeReverted,
    ContactRegistered,
    ContactsMerged,
)
from tests.deciding import decided
from tests.events import happened

INTRODUCED = happened(ContactRegistered, "contact/jan", company=None)
MERGED = happened(ContactsMerged, "contact/jan", company=None)
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


def test_a_person_turns_out_to_be_one_other_until_that_is_reverted() -> None:
    with pytest.raises(NotRegistered):
        decided(Contact("contact/jan"), MERGED)
    known = Contact.replay("contact/jan", [INTRODUCED])
    with pytest.raises(MergedIntoItself):
        decided(known, happened(ContactsMerged, "contact/jan", company=None, kept_id="jan"))
    known.take(MERGED)
    assert known.merged_into == "ana-lopes"

    with pytest.raises(AlreadyMerged, match="goes on as ana-lopes; revert that merge first"):
        decided(known, MERGED)
    reverting = happened(
        ContactMergeReverted, "contact/jan", company=None, merge_event_id=MERGED.event_id
    )
    assert decided(known, reverting)
    known.take(reverting)

    assert known.merged_into is None
    with pytest.raises(UnknownMerge):
        decided(known, reverting)
