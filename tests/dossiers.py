"""Dossiers that follow a log in memory, on either database, and random company histories."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, get_args

import orjson
import pytest
from hypothesis import strategies as st

from domain.events import Event, Logged, Recorded
from domain.events import company as c
from domain.events.duties import FactRequested, StepRecorded
from domain.events.interaction import InteractionLogged
from domain.events.ticket import TicketClosed, TicketOpened, TicketReopened, TicketResolved
from domain.values import Reader, everything, micros
from projections import dossier
from projections.database import Database
from projections.dossier import tables
from projections.dossier.keeping import apply, dossiers, settle
from projections.dossier.schema import TABLES
from tests.events import ACME, MONDAY, Log, recorded
from tests.examples import EXAMPLES, example
from tests.histories import FEW, VARIED, VISIBILITIES, history_of, pages_of, parted

AGENT: Final = Reader(frozenset(("public", "internal")))
AUDITOR: Final = everything()
DATABASES: Final = ["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)]

Settles = Literal["each time", "in the end", "never"]
"""When what came late, and waits for it, is folded."""

SETTLES: Final = st.sampled_from(get_args(Settles))

generations = count(1)


class Kept:
    """Dossiers that follow a log, and questions to them."""

    def __init__(self, database: Database, log: Log | None = None) -> None:
        self.log = log or Log()
        self.past = history_of(self.log.history)
        self.view = dossiers.view(database, next(generations), self.past)
        self.view.create()

    def tell(self, *events: Recorded[Event], sizes: Sequence[int] = ()) -> list[Logged]:
        """Append *events* to the log and fold them, in pages of these sizes and one more."""
        told = self.log.add(*events)
        self.fold(told, sizes)
        return told

    def fold(
        self, told: list[Logged], sizes: Sequence[int] = (), settles: Settles = "in the end"
    ) -> None:
        """Fold pages of these sizes and one more; what is late may wait for the last one."""
        pages = pages_of(told, list(sizes))
        for number, page in enumerate(pages, 1):
            with self.view.database.transaction():
                apply(self.view, page)
                if settles == "each time" or (settles == "in the end" and number == len(pages)):
                    settle(self.view)

    def read(self, company: str = ACME, reader: Reader = AUDITOR, **asked: Any) -> dict[str, Any]:
        """Read a document; `as_of` may be a time."""
        if "as_of" in asked and not isinstance(asked["as_of"], int):
            asked["as_of"] = micros(asked["as_of"])
        found: dict[str, Any] = orjson.loads(dossier.of(self.view, reader, company, **asked))
        return found

    def live(self, company: str = ACME, reader: Reader = AUDITOR) -> bytes:
        return dossier.live(self.view, reader, company)

    def rows(self) -> dict[str, list[Any]]:
        """List all rows, as they are compared between two databases."""
        return {
            table: sorted(
                [tuple(bytes(c) if isinstance(c, memoryview) else c for c in row)
                 for row in self.view.all(f"SELECT * FROM {{{table}}}")],
                key=repr,
            )
            for table in TABLES
        }  # fmt: skip


@pytest.fixture(params=DATABASES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """Dossiers of an empty log, on either database."""
    url = f"sqlite:///{tmp_path}/read.db"
    database = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield Kept(database)
    database.close()


@pytest.fixture
def every_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a checkpoint of every four events, so that small histories have several."""
    monkeypatch.setattr(tables, "EVERY", 4)
    monkeypatch.setattr(tables, "STRETCH", 8)
    monkeypatch.setattr(tables, "KEPT_FOR_EVER", 8)


CHANGE: Final = st.builds(c.ConfigurationChange, key=FEW, old=FEW, new=st.none() | FEW)
DAYS: Final = st.dates(date(2026, 1, 1), date(2026, 1, 9))

OF_COMPANIES: Final[dict[type[Event], dict[str, st.SearchStrategy[Any]]]] = {
    **VARIED,
    c.ContactAffiliated: {"contact_id": FEW, "valid_from": st.none() | DAYS},
    c.ContactAffiliationEnded: {"contact_id": FEW, "valid_to": st.none() | DAYS},
    c.PurchaseRecorded: {"contract_id": FEW},
    c.ProductInstalled: {"installation_id": FEW, "version": st.none() | FEW},
    c.InstallationConfigured: {"installation_id": FEW, "changes": st.tuples(CHANGE)},
    c.LicencesChanged: {"product_id": FEW, "seats_after": st.integers(0, 99)},
    c.EntitlementGranted: {"entitlement_id": FEW},
    c.CompanyValueStated: {"valid_from": DAYS},
    c.FactLearned: {"fact_key": FEW, "value": FEW},
    c.CompanyEscalationRaised: {"escalation_id": FEW},
    c.CompanyEscalationResolved: {"escalation_id": FEW},
    FactRequested: {"fact_key": FEW},
    StepRecorded: {"step_id": FEW},
    InteractionLogged: {},
}

TURNS: Final[tuple[type[Event], ...]] = (TicketOpened, TicketResolved, TicketReopened, TicketClosed)
TYPES: Final[tuple[type[Event], ...]] = (
    *(
        type(each)
        for each in EXAMPLES.values()
        if each.stream_kind() in ("company", "ticket", "interaction")
    ),
    *(TURNS * 8),  # tickets that end and come back are what a fold stumbles over
)


@st.composite
def company_events(
    draw: st.DrawFn, companies: tuple[str, ...] = (ACME,), minutes: int = 9
) -> Recorded[Event]:
    """Draw one event of a company, at one of a few moments, with any visibility."""
    model = draw(st.sampled_from(TYPES))
    fields = {name: draw(values) for name, values in OF_COMPANIES.get(model, {}).items()}
    company, kind = draw(st.sampled_from(companies)), model.stream_kind()
    ticket = f"{company}-{draw(FEW)}"
    stream = f"company/{company}" if kind == "company" else f"{kind}/{ticket}"
    return recorded(
        example(model, **fields),
        stream,
        company=company,
        actor=draw(st.sampled_from(("agent/mia", "agent/tom", "contact/jan", "system/crm"))),
        occurred_at=MONDAY + timedelta(minutes=draw(st.integers(0, minutes))),
        visibility=draw(VISIBILITIES),
    )


def told(companies: tuple[str, ...] = (ACME,), most: int = 24) -> st.SearchStrategy[list[Logged]]:
    """Draw a log of some companies' events, in the order of arrival."""
    sizes = st.integers(1, most)  # lists alone are short ones, most of the time
    events = company_events(companies)
    drawn = sizes.flatmap(lambda size: st.lists(events, min_size=size, max_size=size))
    return drawn.flatmap(parted).map(lambda events: Log().add(*events))


def within(log: list[Logged], as_of: int, known_at: int, company: str = ACME) -> list[Logged]:
    """List a company's events that had happened and were known, in the order they happened."""
    found = [
        each
        for each in log
        if each.event.company_id == company
        and each.happened[0] <= as_of
        and each.position <= known_at
    ]
    return sorted(found, key=lambda each: each.happened)
