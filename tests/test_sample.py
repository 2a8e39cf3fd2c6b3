"""The sample that ships is what its README and its figures say."""

import csv
import gzip
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from domain.events.company import FactLearned, LicencesChanged
from domain.events.duties import (
    StepRecorded,
)
from domain.events.ticket import (
    TicketAssigned,
    TicketMovedAway,
    TicketReopened,
)
from services.control import Control, Keyring
from services.desk import Desk
from services.receipts import Receipt
from services.sample import FACTS, STAFF, STORY, UCI
from services.sample.select_uci import ORIGINAL, SITES, selected
from services.wire import Report, read_cloud_event

WHOLE = Path(__file__).parents[2] / "shared/data/servicenow-uci498/incident_event_log.csv.gz"
LONG = "ticket/TCK-1182"
TIME = "%Y-%m-%dT%H:%M:%SZ"

Rows = list[dict[str, str]]


def lines() -> list[bytes]:
    return STORY.read_bytes().splitlines()


def story() -> list[Report]:
    return [read_cloud_event(line) for line in lines()]


def incidents() -> Rows:
    return list(csv.DictReader(io.StringIO(gzip.decompress(UCI.read_bytes()).decode())))


def by_incident(rows: Rows) -> list[Rows]:
    ordered = sorted(rows, key=lambda row: row["number"])  # stable: their own order is kept
    return [list(group) for _, group in groupby(ordered, key=lambda row: row["number"])]


def story_figures() -> dict[str, Any]:
    reports = story()
    streams = {report.stream_id for report in reports}
    return {
        "sha256": hashlib.sha256(STORY.read_bytes()).hexdigest(),
        "reports": len(reports),
        "happened_first": min(report.occurred_at for report in reports).strftime(TIME),
        "happened_last": max(report.occurred_at for report in reports).strftime(TIME),
        "streams": dict(sorted(Counter(s.split("/")[0] for s in streams).items())),
        "types": dict(sorted(Counter(report.event.TYPE for report in reports).items())),
        "reports_on_the_long_ticket": sum(report.stream_id == LONG for report in reports),
    }


def uci_figures() -> dict[str, Any]:
    rows = incidents()
    tickets = by_incident(rows)
    last = [ticket[-1] for ticket in tickets]
    first_sites = Counter(ticket[0]["location"] for ticket in tickets)
    return {
        "csv_sha256": hashlib.sha256(gzip.decompress(UCI.read_bytes())).hexdigest(),
        "rows": len(rows),
        "incidents": len(tickets),
        "rows_by_state": dict(sorted(Counter(row["incident_state"] for row in rows).items())),
        "incidents_by_first_site": dict(sorted(first_sites.items())),
        "incidents_that_change_their_site": sum(
            len({row["location"] for row in ticket}) > 1 for ticket in tickets
        ),
        "callers": len({row["caller_id"] for row in rows} - {"?"}),
        "groups": len({row["assignment_group"] for row in rows} - {"?"}),
        "reopened": sum(int(row["reopen_count"]) for row in last),
        "reassigned": sum(int(row["reassignment_count"]) for row in last),
        "service_level_missed": sum(row["made_sla"] == "false" for row in last),
        "longest_incident_rows": max(map(len, tickets)),
    }


def test_the_figures_are_those_of_the_files() -> None:
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    assert {"story": story_figures(), "uci498": uci_figures()} == facts


# The story


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    control = Control(f"sqlite:///{tmp_path / 'control.db'}")
    desk = Desk(f"sqlite:///{tmp_path / 'events.db'}", control, Keyring(control))
    yield desk
    desk.close()
    control.close()


def test_the_desk_takes_every_line_and_adds_the_reopening(desk: Desk) -> None:
    receipts = [desk.record([report])[0] for report in story()]

    assert Counter(receipt.status for receipt in receipts) == {"accepted": len(receipts)}
    followed = [receipt for receipt in receipts if receipt.position != receipt.last_position]
    assert [receipt.stream_id for receipt in followed] == ["ticket/TCK-1121", LONG]


def test_reported_in_one_batch_and_then_again_it_changes_nothing(desk: Desk) -> None:
    reports = story()
    first = desk.record(reports)

    def place(receipt: Receipt) -> tuple[str, int | None]:
        return receipt.status, receipt.position

    again = desk.record(reports)

    assert [place(receipt) for receipt in again] == [("duplicate", r.position) for r in first]


def test_no_report_has_the_id_of_another() -> None:
    ids = [(report.source.system, report.source.external_id) for report in story()]
    assert len(set(ids)) == len(ids)


def test_only_the_call_that_tom_logged_late_is_out_of_order() -> None:
    late = [b.stream_id for a, b in pairwise(story()) if b.occurred_at < a.occurred_at]
    assert late == ["interaction/call-2026-09-10-tom"]


def test_each_of_our_people_in_it_has_a_name() -> None:
    spoken = {report.actor.removeprefix("agent/") for report in story() if "agent/" in report.actor}

    assert spoken == set(STAFF)


def test_it_says_that_it_is_written() -> None:
    facts = [r for r in story() if isinstance(r.event, FactLearned) and r.source.system == "story"]
    assert [fact.stream_id for fact in facts] == ["company/acme-broadcast"]
    assert "invented" in facts[0].event.model_dump_json()


def test_its_addresses_lead_nowhere() -> None:
    text = STORY.read_text(encoding="utf-8")
    addresses = re.findall(r"[\w.]+@[\w.-]+", text)
    phones = re.findall(r"\+\d{6,}", text)
    assert addresses
    assert phones
    assert all(address.endswith(".example") for address in addresses)
    assert all(phone.startswith(("+322000", "+470000")) for phone in phones)


def test_the_long_ticket_went_through_four_agents_and_three_handoffs() -> None:
    on_it = [report for report in story() if report.stream_id == LONG]
    owners = [r.event.to.agent for r in on_it if isinstance(r.event, TicketAssigned)]

    assert len(on_it) >= 60
    assert owners == ["kofi", "mia", "tom", "priya"]
    assert sum(isinstance(report.event, StepRecorded) for report in on_it) >= 20
    assert not any(isinstance(report.event, TicketReopened) for report in on_it)


def test_seats_grow_and_a_ticket_moves_to_the_right_company() -> None:
    events = [report.event for report in story()]
    seats = [e.seats_after for e in events if isinstance(e, LicencesChanged)]
    assert seats == [200, 450, 1200]
    assert [e.to_company for e in events if isinstance(e, TicketMovedAway)] == ["kanaal-zeven"]


def test_what_is_asked_is_once_new_and_twice_on_file() -> None:
    known: set[str] = set()
    asked = []
    for report in story():
        key = getattr(report.event, "fact_key", None)
        if report.event.TYPE == "ticket.fact_requested":
            asked.append((key, key in known))
        elif key:
            known.add(key)
    assert asked == [("gpu_driver", False), ("os_version", True), ("ch1_trace", True)]


# The incidents


def test_the_incidents_are_whole_and_begin_at_the_seven_sites() -> None:
    tickets = by_incident(incidents())
    assert {ticket[0]["location"] for ticket in tickets} == SITES
    assert all(ticket[-1]["incident_state"] == "Closed" for ticket in tickets)


def test_the_reopenings_are_the_times_that_a_state_left_the_end() -> None:
    done = {"Resolved", "Closed"}
    left = sum(
        a["incident_state"] in done and b["incident_state"] not in done
        for ticket in by_incident(incidents())
        for a, b in pairwise(ticket)
    )
    assert left == uci_figures()["reopened"]


def test_they_are_small_enough_to_ship() -> None:
    assert len(UCI.read_bytes()) < 200_000


@pytest.mark.skipif(not WHOLE.exists(), reason="the whole of UCI 498 is not here")
def test_they_are_what_the_selection_makes_of_the_whole() -> None:
    whole = gzip.decompress(WHOLE.read_bytes())
    assert hashlib.sha256(whole).hexdigest() == ORIGINAL

    chosen = selected(csv.reader(io.StringIO(whole.decode())))

    ours = csv.reader(io.StringIO(gzip.decompress(UCI.read_bytes()).decode()))
    assert list(chosen) == list(ours)


def test_credit_licence_and_change_are_said() -> None:
    readme = (Path(__file__).parents[1] / "services/sample/README.md").read_text(encoding="utf-8")
    figures = uci_figures()
    for words in (
        "10.24432/C57S4H",
        "creativecommons.org/licenses/by/4.0",
        'Its "company" is a site',
        f"{figures['incidents']} incidents",
        f"{figures['rows']:,} rows",
    ):
        assert words in readme
