"""The three data sets, each imported once for all tests of a session."""

from pathlib import Path
from typing import Final

import pytest

from services.adapters.github import GithubArchive
from services.adapters.importing import Summary, run_import
from services.adapters.rejects import Rejects
from services.config import Settings
from services.deployment import Deployment
from tests.published import SHARED, imported

UCI: Final = "servicenow-uci498"
HELPDESK: Final = "helpdesk-italy"
THREADS: Final = "ietf-github-threads"

needs_the_sets: Final = [
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.exists(), reason=f"the data sets are not at {SHARED}"),
]

ARCHIVES: Final = sorted((SHARED / THREADS).glob("*.json.gz"))


@pytest.fixture(scope="session")
def incidents_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the ServiceNow log, imported."""
    home = tmp_path_factory.mktemp("incidents")
    longcase, summary = imported(home, UCI, "incident_event_log.csv.gz")
    longcase.close()
    assert (summary.refused, summary.rejected, summary.duplicate) == (0, 0, 0)
    return home


@pytest.fixture(scope="session")
def helpdesk_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the Italian help desk's log, imported."""
    home = tmp_path_factory.mktemp("helpdesk")
    longcase, summary = imported(home, HELPDESK, "finale.csv.gz")
    longcase.close()
    assert (summary.refused, summary.rejected, summary.duplicate) == (0, 0, 0)
    return home


@pytest.fixture(scope="session")
def threads_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the IETF archives, four repositories in one store."""
    home = tmp_path_factory.mktemp("threads")
    assert import_threads(home).recorded > 0
    return home


def import_threads(home: Path) -> Summary:
    """Import all four archives; return the summary of the last."""
    with Deployment(Settings(home=home)) as longcase:
        for path in ARCHIVES:
            rejects = Rejects()
            summary = run_import(
                GithubArchive(path, rejects).reports(), longcase.desk, rejects=rejects
            )
            assert rejects.count == summary.refused == 0
    return summary
