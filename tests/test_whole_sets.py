"""The laws of replay, held against every ticket of three real histories."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import pytest

from domain.events import Logged
from projections.replay import replay
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.deployment import Deployment
from services.feed import opened
from tests.published import imported
from tests.whole_sets import HELPDESK, UCI, import_threads, needs_the_sets

pytestmark = needs_the_sets

HOMES = ["incidents_home", "helpdesk_home", "threads_home"]


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest) -> Path:
    """The home of each set in turn."""
    found: Path = request.getfixturevalue(request.param)
    return found


def last_documents(events: Iterable[Logged]) -> dict[str, bytes]:
    """Replay every stream from its first event to its last, and keep the state at the end."""
    ordered = sorted(events, key=lambda logged: (logged.event.stream_id, logged.happened))
    last = {}
    for stream, history in groupby(ordered, key=lambda logged: logged.event.stream_id):
        for step in replay(history):
            last[stream] = step.document
    return last


def test_a_replay_to_the_end_gives_the_live_state_byte_for_byte(home: Path) -> None:
    with Deployment(Settings(home=home)) as longcase:
        longcase.catch_up()
        view = longcase.models.view(PROJECTIONS["tickets"])
        live = {stream: bytes(document) for stream, document in view.all(
            "SELECT stream, doc FROM {states}"
        )}  # fmt: skip
        seen = 0
        for company in [row[0] for row in view.all("SELECT DISTINCT company_id FROM {states}")]:
            events = opened(longcase.log.all_of_company(company), longcase.keyring)
            for stream, document in last_documents(
                e for e in events if e.event.kind == "ticket"
            ).items():
                assert document == live[stream], stream
                seen += 1

    assert seen == len(live) > 3_000


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_rebuild_gives_what_is_live_byte_for_byte(home: Path, name: str) -> None:
    with Deployment(Settings(home=home)) as longcase:
        longcase.catch_up()

        assert longcase.rebuilder.verify(PROJECTIONS[name]).agrees


def test_importing_a_log_again_adds_nothing(incidents_home: Path, helpdesk_home: Path) -> None:
    for home, data_set, file in (
        (incidents_home, UCI, "incident_event_log.csv.gz"),
        (helpdesk_home, HELPDESK, "finale.csv.gz"),
    ):
        with Deployment(Settings(home=home)) as longcase:
            head = longcase.log.head()
        longcase, again = imported(home, data_set, file)
        with longcase:
            assert (again.recorded, again.refused, longcase.log.head()) == (0, 0, head)


def test_importing_the_archives_again_adds_nothing(threads_home: Path) -> None:
    with Deployment(Settings(home=threads_home)) as longcase:
        head = longcase.log.head()

    assert import_threads(threads_home).recorded == 0

    with Deployment(Settings(home=threads_home)) as longcase:
        assert longcase.log.head() == head


def test_a_ticket_as_known_at_its_first_row_shows_nothing_that_was_filled_in_later(
    incidents_home: Path,
) -> None:
    later = ("resolved_at", "closed_at", "resolution_code", "root_cause")
    with Deployment(Settings(home=incidents_home)) as longcase:
        first_rows: dict[str, list[Logged]] = {}
        position = 0
        while page := longcase.feed.page(position, 1_000):
            position = page[-1].position
            for logged in page:
                event = logged.event
                row = event.source.external_id.split(":")[-1].split(".")[0]
                if event.kind == "ticket" and row == "1":
                    first_rows.setdefault(event.stream_id, []).append(logged)

    ended = {"Resolved", "Closed"}
    asked = 0
    for history in first_rows.values():
        activities = {logged.event.source.activity for logged in history}
        if activities & ended:
            continue  # the log itself begins at the end
        *_, last = replay(sorted(history, key=lambda logged: logged.happened))
        assert [last.state[name] for name in later] == [None] * len(later)
        asked += 1
    assert asked > 20_000
