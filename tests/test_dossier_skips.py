"""An operator leaves an event out of the dossiers: as of any instant, live and rebuilt agree."""

from datetime import timedelta
from typing import Any

import pytest

from domain.events.ticket import TicketReopened
from domain.values import everything, micros
from projections import dossier
from projections.dossier import tables
from projections.dossier.keeping import dossiers
from projections.projection import View
from services.catalogue import PROJECTIONS
from services.deployment import Deployment
from services.projector import Projector, history_of
from services.readmodel import ReadModels
from services.rebuild import digest
from tests.dossiers import Kept, kept
from tests.events import ACME, at, customer_wrote, noted, on_ticket, opened, resolved
from tests.reports import MONDAY
from tests.reports import noted as note
from tests.test_parking import Clumsy, fold, rebuilder, retrier
from tests.test_rebuild import longcase, models

__all__ = ["kept", "longcase", "models"]

ALL = everything()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "EVERY", 4)
    monkeypatch.setattr(tables, "STRETCH", 8)


def past(longcase: Deployment, models: ReadModels) -> View:
    return models.view(dossiers, history_of(longcase.feed, longcase.decisions, dossiers))


def longest(longcase: Deployment) -> tuple[str, list[int]]:
    """The company with the most events, and where its tickets' events stand."""
    rows = [row for row in longcase.log.after(0, 1_000) if row.company_id]
    of = [row.company_id or "" for row in rows if row.stream_id.startswith("ticket/")]
    company = max(sorted(set(of)), key=of.count)
    return company, [
        row.position for row in rows
        if row.company_id == company and row.stream_id.startswith("ticket/")
    ]  # fmt: skip


def seen(view: View, company: str, places: list[Any]) -> list[bytes]:
    """The dossier as of all instants at which something happened, and as known at each place."""
    return [
        *(dossier.of(view, ALL, company, as_of=at) for at, _ in places),
        *(dossier.of(view, ALL, company, known_at=position) for _, position in places),
        dossier.of(view, ALL, company),
    ]


@pytest.mark.parametrize("which", [1, 9, -2])
def test_an_event_that_was_skipped_is_in_no_dossier_of_any_instant(
    longcase: Deployment, models: ReadModels, which: int, tmp_path: Any
) -> None:
    company, positions = longest(longcase)
    bad = positions[which]  # behind some checkpoints, or before them all
    clumsy = Clumsy(dossiers, bad)
    fold(longcase, models, clumsy.projection)
    waiting = dossier.of(past(longcase, models), ALL, company)
    longcase.decisions.skip("dossier", bad, "a robot sent it", "local:ann")
    [outcome] = retrier(longcase, models).retry(clumsy.projection)
    assert (outcome.left, outcome.reason) == (0, "")
    clumsy.bad.clear()
    late = note(at=MONDAY + timedelta(minutes=1))
    longcase.desk.record([late])
    Projector(longcase.feed, models, longcase.decisions, [dossiers]).catch_up()

    view = past(longcase, models)
    places = view.all("SELECT occurred_at, position FROM {places} WHERE company_id = ?", (company,))
    told = seen(view, company, places)

    assert bad not in {position for _, position in places}
    assert told[-1] != waiting
    assert told[-1] == dossier.live(view, ALL, company)
    assert told[-1] == dossier.until(view, ALL, company, micros(MONDAY) * 2, 2**62).document
    assert rebuilder(longcase, models).verify(dossiers).agrees
    before = digest(view)
    assert rebuilder(longcase, models).rebuild(dossiers).is_live
    again = past(longcase, models)
    assert digest(again) == before
    assert seen(again, company, places) == told


def test_while_an_event_is_parked_the_past_is_read_as_far_as_it_is_folded(
    longcase: Deployment, models: ReadModels
) -> None:
    company, positions = longest(longcase)
    clumsy = Clumsy(PROJECTIONS["dossier"], positions[9])
    fold(longcase, models, clumsy.projection)
    view, head = past(longcase, models), longcase.log.head()

    live = dossier.live(view, ALL, company)

    assert dossier.of(view, ALL, company, known_at=head) == live
    then = dossier.until(view, ALL, company, micros(MONDAY) * 2, head)
    assert then.document == live


def test_what_is_parked_is_not_recalled_with_its_ticket(kept: Kept) -> None:
    kept.tell(
        opened("T-1", occurred_at=at("09:00")),
        resolved("T-1", occurred_at=at("09:01")),
        *(noted("T-2", occurred_at=at(f"10:{n:02}")) for n in range(3)),
    )
    kept.tell(on_ticket(TicketReopened, "T-1", occurred_at=at("11:00")))
    parked = kept.log.add(customer_wrote("T-1", occurred_at=at("09:00")))

    then = dossier.until(kept.view, ALL, ACME, micros(at("12:00")), parked[0].position)

    assert then.document == kept.live()
