"""What is published of three data sets comes out of what we recorded of them, figure by figure.

Each set is imported once, into a store of its own.  A failure names figures, never values: two
of the sets may not be quoted.
"""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from services.config import Settings
from services.deployment import Deployment
from tests import published_helpdesk, published_threads, published_uci498
from tests.published import SHARED, Ticket, differing, facts, tickets
from tests.whole_sets import ARCHIVES, HELPDESK, THREADS, UCI, needs_the_sets

pytestmark = needs_the_sets


@pytest.fixture(scope="session")
def incidents(incidents_home: Path) -> dict[str, Ticket]:
    """What we recorded of the ServiceNow log."""
    with Deployment(Settings(home=incidents_home)) as longcase:
        return tickets(longcase)


@pytest.fixture(scope="session")
def helpdesk(helpdesk_home: Path) -> dict[str, Ticket]:
    """What we recorded of the Italian help desk."""
    with Deployment(Settings(home=helpdesk_home)) as longcase:
        return tickets(longcase)


@pytest.fixture(scope="session")
def threads(threads_home: Path) -> dict[str, Ticket]:
    """What we recorded of the IETF archives."""
    with Deployment(Settings(home=threads_home)) as longcase:
        return tickets(longcase)


def test_the_files_are_those_that_the_figures_are_of() -> None:
    files = {
        SHARED / UCI / "incident_event_log.csv.gz": facts(UCI)["gz_sha256"],
        SHARED / HELPDESK / "finale.csv.gz": facts(HELPDESK)["gz_sha256"],
        **{path: facts(THREADS)["_files"][path.name]["gz_sha256"] for path in ARCHIVES},
    }

    assert [
        path.name
        for path, digest in files.items()
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest
    ] == []


def test_every_published_figure_of_the_incident_log_comes_out(incidents: dict[str, Ticket]) -> None:
    ours = published_uci498.answers(incidents)

    assert differing(facts(UCI), ours, published_uci498.UNANSWERABLE) == []


def test_what_others_published_of_the_incident_log_comes_out(incidents: dict[str, Ticket]) -> None:
    assert published_uci498.answers_elsewhere(incidents) == published_uci498.ELSEWHERE


def test_every_published_figure_of_the_help_desk_comes_out(helpdesk: dict[str, Ticket]) -> None:
    ours = published_helpdesk.answers(helpdesk)

    assert differing(facts(HELPDESK), ours, published_helpdesk.UNANSWERABLE) == []


def test_what_others_published_of_the_help_desk_comes_out(helpdesk: dict[str, Ticket]) -> None:
    assert published_helpdesk.answers_elsewhere(helpdesk) == published_helpdesk.ELSEWHERE


def test_every_published_figure_of_the_threads_comes_out(threads: dict[str, Ticket]) -> None:
    ours = published_threads.answers(threads)

    assert differing(facts(THREADS), ours, published_threads.UNANSWERABLE) == []


@pytest.mark.parametrize(
    ("data_set", "unanswerable"),
    [
        (UCI, published_uci498.UNANSWERABLE),
        (HELPDESK, published_helpdesk.UNANSWERABLE),
        (THREADS, published_threads.UNANSWERABLE),
    ],
)
def test_what_cannot_be_answered_is_a_published_figure(
    data_set: str, unanswerable: dict[str, str]
) -> None:
    for place in unanswerable:
        found: Any = facts(data_set)
        for key in place.split("."):
            assert key in found
            found = found[key]
