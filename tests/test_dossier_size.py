"""A dossier stays small: what changes over and over is kept in its last part."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.events import company as c
from domain.events.account import CompanyLifecycleChanged
from domain.events.assets import EntitlementAmended, InstallationUpgraded
from domain.values import rfc3339
from projections.dossier import tables
from projections.dossier.view import as_set
from tests.dossiers import Kept, every_few, kept
from tests.events import MONDAY, noted, on_company

__all__ = ["every_few", "kept"]


def test_the_document_does_not_grow_with_what_changed_over_and_over(kept: Kept) -> None:
    def change(n: int) -> None:
        def on(model: Any, **known: Any) -> Any:
            return on_company(model, occurred_at=MONDAY + timedelta(hours=n), **known)

        key = f"key-{n % 9}"
        kept.tell(
            on(InstallationUpgraded, installation_id="antwerp-1", to_version=f"7.{n}"),
            on(c.InstallationConfigured, installation_id="antwerp-1",
               changes=(c.ConfigurationChange(key=key, old=f"{n}", new=f"{n + 9}"),)),
            on(c.LicencesChanged, seats_before=n, seats_after=n + 1),
            on(c.PurchaseRecorded, stage="renewed"),
            on(c.RenewalScheduled, renews_on=date(2026, 1, 1) + timedelta(days=n)),
            on(EntitlementAmended, level=f"L{n}"),
            on(CompanyLifecycleChanged, previous="active", to="at_risk"),
        )  # fmt: skip

    kept.tell(on_company(c.InstallationConfigured, occurred_at=MONDAY - timedelta(hours=1),
                         changes=(c.ConfigurationChange(key="codec", new="h265"),)))  # fmt: skip
    for n in range(100):
        change(n)
    size = len(kept.live())
    for n in range(100, 200):
        change(n)

    assert len(kept.live()) < 1.05 * size
    found = as_set(kept.read(), "antwerp-1", rfc3339(MONDAY + timedelta(hours=180)))
    assert (found["version"], found["settings"]["codec"]) == ("7.180", "h265")
    assert len({each["key"] for each in found["changed_since"]}) == 10
    long_ago = as_set(kept.read(), "antwerp-1", rfc3339(MONDAY + timedelta(hours=2)))
    assert (long_ago["version"], long_ago["settings"]) == (None, {})


@pytest.mark.usefixtures("every_few")
def test_of_a_large_document_there_are_fewer_checkpoints(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGE", 100)

    kept.tell(*(noted(occurred_at=MONDAY + timedelta(hours=n)) for n in range(70)))

    assert kept.view.all("SELECT events FROM {checkpoints} ORDER BY events") == [(32,), (64,)]
