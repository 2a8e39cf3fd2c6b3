"""Text is sealed in its place with its own key; without the key it is gone, and nothing else."""

import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Event, Recorded, decode
from domain.events.interaction import InteractionLogged, Participant
from domain.events.ticket import CustomerMessageReceived
from services.control import Keyring
from services.desk import Desk
from services.sealing import ERASED, PREFIX, binding, open_text, seal, seal_text, subjects, unseal
from tests import events
from tests.conftest import OpenDesk
from tests.examples import ACME, ANA, EXAMPLES, JAN
from tests.reports import (
    affiliated,
    introduced,
    linked,
    moved,
    opened,
    registered,
    statuses,
    surveyed,
    talked,
    wrote,
)

STREAM = "ticket/TCK-1182"
EVENT = UUID(int=7)


def sealed(document: Recorded[Event], keyring: Keyring) -> Recorded[Event]:
    """Seal a document as the desk does."""
    data = seal(document.data, document.event_id, document.stream_id, document.company_id, keyring)
    return document.model_copy(update={"data": data})


def texts_of(value: Any) -> list[str]:
    """List every text in a part, at whatever depth."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in texts_of(item)]
        case list() | tuple():
            return [text for item in value for text in texts_of(item)]
        case _:
            return []


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_event_opens_as_it_was_sealed(name: str, keyring: Keyring) -> None:
    document = next(e for e in events.every_event() if e.type == name)

    closed = sealed(document, keyring)
    read = decode(name, closed.encode())

    assert unseal(read, keyring) == document
    hidden = set(texts_of(document.data.model_dump())) - set(texts_of(closed.data.model_dump()))
    assert not any(text.encode() in closed.encode() for text in hidden if " " in text)


def test_the_same_text_is_never_sealed_the_same_way_twice(keyring: Keyring) -> None:
    document = events.customer_wrote()

    assert sealed(document, keyring).data != sealed(document, keyring).data


PLACES: list[tuple[str, UUID, str]] = [
    ("ticket/TCK-1183", EVENT, "body"),
    (STREAM, UUID(int=8), "body"),
    (STREAM, EVENT, "subject"),
    (STREAM, EVENT, "attachments[0].name"),
]


@pytest.mark.parametrize("place", PLACES)
def test_a_token_cannot_be_moved_to_another_place(
    place: tuple[str, UUID, str], keyring: Keyring
) -> None:
    found = keyring.key_of("contact/jan")
    assert found
    token = seal_text("It drops frames", *found, binding(STREAM, EVENT, "body"))
    assert open_text(token, keyring, binding(STREAM, EVENT, "body")) == "It drops frames"

    with pytest.raises(ValueError, match="moved"):
        open_text(token, keyring, binding(*place))


@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_token_that_was_changed_does_not_open(
    make_keyring: Callable[[], Keyring], position: int, bit: int
) -> None:
    keyring = make_keyring()
    found = keyring.key_of("contact/jan")
    assert found
    token = seal_text("It drops frames", *found, b"here")
    head, _, body = token.rpartition(":")
    sealed_bytes = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    sealed_bytes[position % len(sealed_bytes)] ^= 1 << bit

    with pytest.raises(ValueError, match="changed"):
        open_text(f"{head}:{base64.urlsafe_b64encode(sealed_bytes).decode()}", keyring, b"here")


@pytest.fixture(scope="module")
def make_keyring(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Keyring]:
    """One keyring for all examples of a property."""
    from services.control import Control

    keyring = Keyring(Control(f"sqlite:///{tmp_path_factory.mktemp('keys')}/control.db"))
    return lambda: keyring


def test_text_that_is_not_sealed_is_not_read(keyring: Keyring) -> None:
    with pytest.raises(ValueError, match="not sealed"):
        unseal(events.customer_wrote(), keyring)


def test_a_text_that_looks_like_a_token_is_a_text(keyring: Keyring) -> None:
    document = events.customer_wrote(body=f"{PREFIX}abc:def")

    assert unseal(sealed(document, keyring), keyring) == document


def test_each_text_is_sealed_with_the_key_of_whom_it_is_about() -> None:
    call = InteractionLogged(
        kind="call",
        participants=(Participant(contact_id=JAN, name="Jan"), Participant(name="a colleague")),
        summary="They will send the logs.",
    )
    message = CustomerMessageReceived(body="Help!", contact_id=None)

    whose = list(subjects(call, "interaction/1", ACME))

    assert whose == [f"contact/{JAN}", f"company/{ACME}", f"company/{ACME}"]
    assert list(subjects(message, STREAM, ACME)) == [f"company/{ACME}"]
    assert set(subjects(EXAMPLES["contact.registered"], "contact/jan", None)) == {"contact/jan"}
    assert list(subjects(EXAMPLES["ticket.classified"], STREAM, ACME)) == []


@pytest.fixture
def history(desk: Desk) -> Desk:
    """A desk that recorded what Jan and Ana said and what was said about them."""
    receipts = desk.record(
        [
            registered(), registered("borealis"),
            introduced(JAN, emails=("jan@acme.tv",)), introduced(ANA),
            affiliated(JAN, title="VP Engineering"), affiliated(ANA, title="Engineer"),
            opened(description="Since this morning.", requester_id=JAN),
            wrote(contact_id=JAN, body="It drops frames."),
            wrote(contact_id=ANA, body="Here too."),
            moved(to="borealis"),
        ]
    )  # fmt: skip
    assert set(statuses(receipts)) == {"accepted"}
    return desk


def read_all(desk: Desk, keyring: Keyring) -> list[str]:
    """Read every text of the log."""
    return [
        text
        for row in desk.store.after(0, 1_000)
        for text in texts_of(unseal(decode(row.type, row.state), keyring).data.model_dump())
    ]


def test_without_a_persons_key_exactly_that_persons_texts_are_gone(
    history: Desk, keyring: Keyring
) -> None:
    before = read_all(history, keyring)
    hers = {"Jan-Peeters", "jan@acme.tv", "VP Engineering", "Since this morning.",
            "It drops frames."}  # fmt: skip

    keyring.destroy(f"contact/{JAN}")

    after = read_all(history, keyring)
    assert [text if text not in hers else ERASED for text in before] == after
    assert after.count(ERASED) == 6  # what the ticket was opened with stands in both links


def test_nothing_more_is_recorded_about_an_erased_person(
    history: Desk, keyring: Keyring, open_desk: OpenDesk
) -> None:
    keyring.destroy(f"contact/{JAN}")

    for desk in (history, open_desk()):
        receipts = desk.record(
            [
                wrote(contact_id=JAN),
                linked(JAN),
                affiliated(JAN),
                opened("TCK-2", requester_id=JAN),
                talked(participants=({"contact_id": JAN, "name": "Jan"},)),
                wrote(contact_id=ANA),
                surveyed(contact_id=JAN),
            ]
        )
        assert statuses(receipts[:5]) == ["person-erased"] * 5
        assert receipts[5].status == "accepted"


def test_a_repeat_of_what_was_recorded_of_an_erased_person_is_a_duplicate(
    history: Desk, keyring: Keyring, open_desk: OpenDesk
) -> None:
    said = wrote(contact_id=JAN, body="Thank you.")
    history.record([said])
    keyring.destroy(f"contact/{JAN}")
    assert statuses(open_desk().record([said])) == ["duplicate"]

    history.store.database.execute(
        "UPDATE reports SET digest = ? WHERE external_id = ?", (b"", said.source.external_id)
    )

    changed = wrote(contact_id=JAN, body="[erased]", external_id=said.source.external_id)
    assert statuses(open_desk().record([changed])) == ["duplicate"]


def test_no_open_text_is_in_what_is_stored(history: Desk) -> None:
    stored = b"".join(row.state for row in history.store.after(0, 1_000))

    for text in (b"drops frames", b"Here too", b"VP Engineering", b"Peeters", b"jan@"):
        assert text not in stored
