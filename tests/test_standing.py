"""How companies stand, in short: the rows that all companies are read from together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import Logged
from domain.values import Reader
from projections import dossier
from projections.database import Database
from projections.dossier.fold import fold
from projections.dossier.record import dump
from projections.dossier.standing import WEIGHING, standing
from projections.dossier.tables import FOREVER
from tests.dossiers import AGENT, AUDITOR, DATABASES, Kept, every_few, kept, told, within
from tests.events import ACME, at, noted, opened, resolved

__all__ = ["every_few", "kept"]

LAWS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
COMPANIES = (ACME, "other")
SIZES = st.lists(st.integers(1, 7), max_size=8)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/read.db"
    database = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield database
    database.close()


def in_short(events: list[Logged], company: str, reader: Reader = AUDITOR) -> Any:
    """Say how a company stands once *events* were folded, from the first."""
    folded = fold(events, reader)
    folded.company.company_id = company
    return orjson.loads(dump(standing(folded.company)))


@LAWS
@given(log=told(), reader=st.sampled_from([AUDITOR, AGENT]))
def test_what_does_not_weigh_changes_nothing(log: list[Logged], reader: Reader) -> None:
    ordered = within(log, FOREVER, FOREVER)
    weighing = [each for each in ordered if each.event.type in WEIGHING]

    assert in_short(weighing, ACME, reader) == in_short(ordered, ACME, reader)


@pytest.mark.usefixtures("every_few")
@LAWS
@given(log=told(COMPANIES), sizes=SIZES, data=st.data())
def test_as_of_any_instant_companies_stand_as_a_fold_of_what_was_known_says(
    database: Database, log: list[Logged], sizes: list[int], data: st.DataObject
) -> None:
    kept = Kept(database)
    kept.log.history.extend(log)
    kept.fold(log, sizes)
    moments, places = ({each.happened[n] for each in log} for n in (0, 1))
    as_of = data.draw(st.none() | st.sampled_from(sorted(moments)))
    known_at = data.draw(st.none() | st.sampled_from(sorted(places)))

    reader = data.draw(st.sampled_from([AUDITOR, AGENT]))

    found = dossier.standings(kept.view, reader, as_of, known_at)

    asked = (FOREVER if as_of is None else as_of, FOREVER if known_at is None else known_at)
    expected = {
        company: in_short(within(log, *asked, company), company, reader)
        for company in {each.event.company_id for each in log}
        if company
    }
    assert {one["company"]["company_id"]: orjson.loads(dump(one)) for one in found} == expected


def test_only_companies_in_reach_are_read(kept: Kept) -> None:
    kept.tell(opened(), opened("T-2", company="other"))

    found = dossier.standings(kept.view, Reader(AGENT.visibilities, frozenset(("other", "none"))))

    assert [one["company"]["company_id"] for one in found] == ["other"]
    assert [*dossier.stands(kept.view, AGENT, [ACME, "none"])] == [ACME]


def test_a_ticket_that_nobody_opened_yet_is_not_counted_as_open(kept: Kept) -> None:
    kept.tell(
        noted("T-1", occurred_at=at("08:00")), opened("T-1", occurred_at=at("09:00")),
        opened("T-2", occurred_at=at("09:00")), resolved("T-2", occurred_at=at("10:00")),
    )  # fmt: skip

    def open_tickets(clock: str) -> int:
        return int(kept.read(as_of=at(clock))["company"]["open_now"])

    assert [open_tickets(clock) for clock in ("08:30", "09:30", "10:30")] == [0, 2, 1]
