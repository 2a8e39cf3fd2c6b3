"""Projectors come and are killed under load: their work is spread, each event is folded once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from services.bus import partition_of
from services.catalogue import PROJECTIONS
from services.config import Settings
from tests.broker.deployed import Deployed, eventually, history
from tests.broker.groups import shares
from tests.broker.loads import Load

pytestmark = [pytest.mark.broker, pytest.mark.slow]

PARTS: Final = 12
TIMELINE: Final = PROJECTIONS["timeline"]


def test_one_two_three_projectors_share_twelve_partitions_while_some_are_killed(
    kafka: str, postgres: str, tmp_path: Path
) -> None:
    settings = Settings(
        home=tmp_path, kafka=kafka, store=postgres, read_models=postgres, control=postgres
    )
    deployed = Deployed(settings)
    events = history(companies=60, tickets=2, messages=120)
    assert {partition_of(b"c%d" % c, PARTS) for c in range(60)} == set(range(PARTS))
    with deployed.opened:
        deployed.create_topics(PARTS)
        deployed.start("relay")
        with Load(deployed, events) as load:
            first = deployed.start("timeline")
            is_spread(deployed, [12])
            second = deployed.start("timeline")
            is_spread(deployed, [6, 6])
            third = deployed.start("timeline")
            is_spread(deployed, [4, 4, 4])

            second.kill()
            is_spread(deployed, [6, 6])
            deployed.start("timeline")
            is_spread(deployed, [4, 4, 4])
            first.kill()
            first.wait()
            deployed.start("timeline")
            is_spread(deployed, [4, 4, 4])
            third.kill()
            assert load.goes_on

        head = deployed.desk.store.head()
        assert head == len(events)
        assert deployed.has_arrived("timeline", head)
        assert deployed.digests()["timeline"] == deployed.embedded_digests()["timeline"]
        assert numbers(deployed) == [
            (row.company_id, row.company_seq) for row in deployed.rows() if row.company_id
        ]


def is_spread(deployed: Deployed, wanted: Sequence[int]) -> None:
    """Wait until the partitions are shared out like this, and every one of them moves on."""
    assert eventually(lambda: spread(deployed) == wanted), shares(deployed, "timeline")
    before = offsets(deployed)
    assert eventually(
        lambda: (
            len(now := offsets(deployed)) == PARTS
            and all(offset > before.get(part, 0) for part, offset in now.items())
        )
    )


def spread(deployed: Deployed) -> list[int]:
    found = shares(deployed, "timeline").values()
    assert sum(map(len, found)) == len(set().union(*found)), "a partition has two owners"
    return sorted(map(len, found))


def offsets(deployed: Deployed) -> dict[int, int]:
    """Say where the read model stands in each partition."""
    marks = deployed.models.marks(deployed.models.view(TIMELINE))
    return {part: mark.next_offset for part, mark in marks.items() if part >= 0}


def numbers(deployed: Deployed) -> list[tuple[str, int]]:
    """List whose events are on the timeline, and their numbers, in the store's order."""
    view = deployed.models.view(TIMELINE)
    return [*view.all("SELECT company_id, company_seq FROM {entries} ORDER BY position")]
