"""What is published of three data sets comes out of what we recorded of them, figure by figure.

Each set is imported once, into a store of its own.  A failure names figures, never values: two
of the sets may not be quoted.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from services.adapters.github import GithubArchive
from services.adapters.importing import run_import
from services.adapters.rejects import Rejects
from services.config import Settings
from services.deployment import Deployment
from tests import published_helpdesk, published_threads, published_uci498
from tests.published import SHARED, Ticket, differing, facts, imported, tickets

UCI: Final = "servicenow-uci498"
HELPDESK: Final = "helpdesk-italy"
THREADS: Final = "ietf-github-threads"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.exists(), reason=f"the data sets are not at {SHARED}"),
]


@pytest.fixture(scope="session")
def incidents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ticket]:
    """The ServiceNow log, imported."""
    home = tmp_path_factory.mktemp("incidents")
    longcase, summary = imported(home, UCI, "incident_event_log.csv.gz")
    with longcase:
        assert (summary.refused, summary.rejected, summary.duplicate) == (0, 0, 0)
        return tickets(longcase)


@pytest.fixture(scope="session")
def helpdesk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ticket]:
    """The Italian help desk's log, imported twice: the second time adds nothing."""
    home = tmp_path_factory.mktemp("helpdesk")
    longcase, first = imported(home, HELPDESK, "finale.csv.gz")
    longcase.close()
    longcase, again = imported(home, HELPDESK, "finale.csv.gz")
    with longcase:
        assert (first.refused, first.rejected, first.duplicate) == (0, 0, 0)
        assert (again.recorded, again.duplicate) == (0, first.recorded)
        return tickets(longcase)


@pytest.fixture(scope="session")
def threads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ticket]:
    """The IETF archives, four repositories in one store."""
    with Deployment(Settings(home=tmp_path_factory.mktemp("threads"))) as longcase:
        for path in archives():
            rejects = Rejects()
            archive = GithubArchive(path, rejects)
            summary = run_import(archive.reports(), longcase.desk, rejects=rejects)
            assert rejects.count == summary.refused == 0
        return tickets(longcase)


def archives() -> Iterator[Path]:
    """List the files of the archives."""
    yield from sorted((SHARED / THREADS).glob("*.json.gz"))


def test_the_files_are_those_that_the_figures_are_of() -> None:
    files = {
        SHARED / UCI / "incident_event_log.csv.gz": facts(UCI)["gz_sha256"],
        SHARED / HELPDESK / "finale.csv.gz": facts(HELPDESK)["gz_sha256"],
        **{path: facts(THREADS)["_files"][path.name]["gz_sha256"] for path in archives()},
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
