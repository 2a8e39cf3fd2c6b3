"""A deployment on either database that was told something, and what others can learn of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.config import Settings
from services.deployment import Deployment
from services.security import Identity, Role
from services.wire import Report
from services.witness import Witness
from tests.reports import ACME, introduced, registered


class Told:
    """A deployment, and who reads from it."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.tell(registered(), introduced())

    def tell(self, *reports: Report) -> list[int]:
        """Record what must be taken, bring the read models up to date, and say where it stands."""
        receipts = self.deployment.desk.record(reports)
        assert {receipt.status for receipt in receipts} == {"accepted"}, receipts
        self.deployment.catch_up()
        return [receipt.position or 0 for receipt in receipts]

    def event_at(self, position: int) -> UUID:
        """Name the event at a position."""
        row = self.deployment.log.at(position)
        assert row
        return UUID(row.state[13:49].decode())

    def by(self, name: str = "eve", role: Role = "agent", *companies: str) -> Witness:
        """Read as somebody."""
        bound = frozenset(companies) if companies else None
        return Witness(self.deployment, Identity(name, frozenset((role,)), bound))

    def customer(self) -> Witness:
        """Read as Acme itself."""
        return self.by("acme", "customer", ACME)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Told]:
    """A deployment that knows Acme and Jan, on each of the two databases in turn."""
    known: dict[str, Any] = {}
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        known = dict.fromkeys(("store", "read_models", "control"), postgres)
    with Deployment(Settings(home=tmp_path, **known)) as deployment:
        deployment.catch_up()
        yield Told(deployment)
