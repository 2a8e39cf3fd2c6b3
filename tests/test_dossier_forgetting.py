"""A person is erased: nothing they said or were told stands in any dossier, and none is spoilt."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from domain.events import Logged
from domain.events.ties import TicketSplit
from projections import dossier
from projections.database import Database
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.control import Keyring
from services.deployment import Deployment
from services.projector import history_of
from services.rebuild import digest
from services.sealing import seal, unseal
from tests.dossiers import DATABASES, Kept, every_few, told
from tests.events import ACME, Log, agent_replied, at, customer_wrote, noted, on_ticket, opened
from tests.reports import noted as note
from tests.reports import opened as ticket_opened
from tests.reports import registered, replied, resolved, wrote
from tests.test_dossier_laws import LAWS, SIZES

__all__ = ["every_few"]

JAN = "jan-peeters"


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/read.db"
    found = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield found
    found.close()


def erased(log: list[Logged], keyring: Keyring, person: str) -> list[Logged]:
    """Say how a log reads once a person's key is destroyed: sealed by the desk, opened after."""
    keyring.ensure({f"contact/{person}", *(f"company/{e.event.company_id}" for e in log)})
    sealed = [
        logged.event.model_copy(update={"data": seal(
            logged.event.data, logged.event.event_id, logged.event.stream_id,
            logged.event.company_id, keyring,
        )})
        for logged in log
    ]  # fmt: skip
    keyring.destroy(f"contact/{person}")
    return [
        replace(logged, event=unseal(event, keyring))
        for logged, event in zip(log, sealed, strict=True)
    ]


@pytest.mark.usefixtures("every_few")
def test_what_an_erased_person_wrote_is_gone_from_rows_checkpoints_and_done_tickets(
    kept_and_keyring: tuple[Kept, Keyring],
) -> None:
    kept, keyring = kept_and_keyring
    said = customer_wrote(contact_id=JAN, body="my secret number", occurred_at=at("09:01"))
    split = TicketSplit(new_ticket_id="T-2", moved_event_ids=(said.event_id,))
    kept.tell(
        opened(requester_id=JAN, description="my secret plan", occurred_at=at("09:00")),
        said,
        agent_replied(contact_id=JAN, body="your secret number", occurred_at=at("09:02")),
        *(noted(occurred_at=at(f"10:{n:02}")) for n in range(9)),
        on_ticket(TicketSplit, **split.model_dump(), occurred_at=at("11:00")),
        opened("T-2", occurred_at=at("11:00")),
        noted("T-2", occurred_at=at("08:00")),
        customer_wrote("T-2", contact_id=JAN, body="a secret, still", occurred_at=at("12:00")),
    )  # fmt: skip
    assert b"secret" in repr(kept.rows()).encode()

    forgotten = _erased_and_forgotten(kept, keyring)

    assert "secret" not in repr(kept.rows())
    assert kept.rows() == forgotten


@pytest.mark.usefixtures("every_few")
@settings(LAWS, max_examples=25)
@given(log=told((ACME, "borealis")), sizes=SIZES)
def test_what_is_left_is_what_a_rebuild_would_make(
    kept_and_keyring: tuple[Kept, Keyring], log: list[Logged], sizes: list[int], tmp_path: Path
) -> None:
    database = kept_and_keyring[0].view.database
    kept = Kept(database, Log(history=[*log]))
    kept.fold(log, sizes)
    with Deployment(Settings(home=tmp_path / "keys" / str(id(log)))) as fresh:
        assert _erased_and_forgotten(kept, fresh.keyring) == kept.rows()


def _erased_and_forgotten(kept: Kept, keyring: Keyring) -> dict[str, Any]:
    """Erase and forget a person; return the rows of a rebuild."""
    kept.log.history[:] = erased(kept.log.history, keyring, JAN)
    with kept.view.database.transaction():
        dossier.forget(kept.view, JAN)
    rebuilt = Kept(kept.view.database, kept.log)
    rebuilt.fold(kept.log.history)
    return rebuilt.rows()


@pytest.fixture
def kept_and_keyring(database: Database, tmp_path: Path) -> Iterator[tuple[Kept, Keyring]]:
    with Deployment(Settings(home=tmp_path / "control")) as deployment:
        yield Kept(database), deployment.keyring


def test_a_real_history_is_forgotten_as_it_would_be_rebuilt(tmp_path: Path) -> None:
    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        longcase.desk.record(
            [registered(), ticket_opened(), wrote(), replied(), note(), resolved()]
        )
        longcase.catch_up()
        projection = PROJECTIONS["dossier"]
        view = longcase.models.view(
            projection, history_of(longcase.feed, longcase.decisions, projection)
        )
        people = [row[0] for row in view.all("SELECT DISTINCT contact_id FROM {subjects}")]
        assert people
        before = digest(view)

        for person in people:
            longcase.keyring.destroy(f"contact/{person}")
            with longcase.models.database.transaction():
                dossier.forget(view, person)

        assert digest(view) != before
        assert longcase.rebuilder.verify(projection).agrees
        assert b"[erased]" in bytes(view.all("SELECT doc FROM {heads}")[0][0])
