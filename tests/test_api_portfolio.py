"""The portfolio over HTTP and on the command line."""

from typing import Any

import pytest

from tests.cli_words import Longcase, acme, cloud, longcase
from tests.served import ACME, LONG, Served, served, story

__all__ = ["acme", "longcase", "served", "story"]

PORTFOLIO = "/v1/portfolio"
DURING = {"as_of": "2026-11-20T12:00:00Z"}
"""Acme's playout is down, and their chief executive has called."""


def test_what_is_exposed_is_told_with_its_events(story: Served) -> None:
    found = story.read(PORTFOLIO, "agent", **DURING)

    first = found["companies"][0]
    assert (first["company_id"], first["exposed"]) == (ACME, True)
    assert [reason["rule"] for reason in first["because"]] == ["severe_ticket", "open_escalation"]
    assert first["because"][0]["ticket_id"] == LONG
    assert first["renewal"]["days"] == 41
    assert found["exposed"]["sums"][0]["arr"] == first["arr"]["EUR"] == "480000"
    cited = [event for reason in first["because"] for event in reason["event_ids"]]
    cited += [first["values"][0]["event_id"], first["renewal"]["event_id"]]
    for event in cited:
        assert story.read(f"/v1/events/{event}")["document"]["company_id"] == ACME
    assert found["as_of"] == "2026-11-20T12:00:00.000000Z"


def test_pages_follow_each_other_and_the_sums_stay_the_same(story: Served) -> None:
    whole = story.read(PORTFOLIO, **DURING)
    pages = [*story.pages(PORTFOLIO, limit=1, **DURING)]

    rows = [row for page in pages for row in page["companies"]]
    assert len(pages) == whole["total"] == len(rows) > 2
    assert rows == whole["companies"]
    assert all(page["exposed"] == whole["exposed"] for page in pages)
    burns = story.read(PORTFOLIO, exposed=True, **DURING)
    assert [row["company_id"] for row in burns["companies"]] == [ACME]


def test_a_ticket_that_is_resolved_leaves_it_and_what_was_known_before_does_not(
    served: Served,
) -> None:
    known_at = served.deployment.log.head()
    served.publish(
        served.event("ticket.resolved", f"ticket/{LONG}", time="2026-11-20T10:00:00Z"),
        served.event("company.escalation_resolved", f"company/{ACME}", escalation_id="ESC-41",
                     time="2026-11-20T11:00:00Z"),
    )  # fmt: skip

    def rules(**asked: Any) -> list[str]:
        row = served.read(PORTFOLIO, "acme-agent", **asked)["companies"][0]
        return [reason["rule"] for reason in row["because"]]

    assert rules() == rules(**DURING) == []
    assert rules(as_of="2026-11-20T10:30:00Z") == ["open_escalation"]
    assert rules(as_of="2026-11-20T12:00:00Z", known_at=known_at) == [
        "severe_ticket", "open_escalation",
    ]  # fmt: skip


def test_a_key_sees_the_companies_it_is_bound_to_and_their_sums(story: Served) -> None:
    found = story.read(PORTFOLIO, "acme-auditor", **DURING)

    assert [row["company_id"] for row in found["companies"]] == [ACME]
    assert story.get(PORTFOLIO, "customer").status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0}, {"limit": 1001}, {"offset": -1}, {"as_of": "yesterday"},
        {"known_at": "soon"}, {"exposed": "perhaps"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(story: Served, asked: dict[str, Any]) -> None:
    assert story.get(PORTFOLIO, **asked).status_code == 422


# On the command line


def worth(arr: str, since: str) -> bytes:
    return cloud("company.value_stated", "company/acme", f"v-{since}", f"{since}T08:00:00Z",
                 arr=arr, currency="EUR", valid_from=since, origin="crm")  # fmt: skip


@pytest.fixture
def valued(acme: Longcase) -> Longcase:
    """Acme's story, and what it was said to be worth; its ticket of severity 2 is resolved."""
    renewal = cloud("company.renewal_scheduled", "company/acme", "r", "2026-01-01T08:00:00Z",
                    contract_id="C-1", renews_on="2026-04-12")  # fmt: skip
    told = worth("300000", "2025-01-01") + worth("480000", "2026-01-01") + renewal
    assert acme("publish", stdin=told).code == 0
    return acme


def test_the_portfolio_is_printed_with_what_is_exposed(valued: Longcase) -> None:
    then, now = valued("portfolio", "--as-of", "2026-03-02T12:00Z"), valued("portfolio")

    assert now.out.startswith("No revenue is exposed\n")
    assert then.out.splitlines() == [
        "Revenue exposed: EUR 480,000 a year of 1 company, EUR 480,000 of it renews within 90 days",
        "",
        "COMPANY  ARR          LIFETIME   RENEWS             OPEN  SEV 1-2  ESCALATED  EXPOSED BY",
        "acme     EUR 480,000  not known  2026-04-12 (41 d)  1     1        0          Sev 2 TCK-1",
    ]
    assert then.err == "as of 2026-03-02 12:00 UTC, position 11\n"


def test_of_a_company_of_no_known_worth_that_is_said(acme: Longcase) -> None:
    told = acme("portfolio", "--as-of", "2026-03-02T12:00Z")

    assert told.out.startswith("Revenue exposed, ARR not known: 1 company\n")


def test_the_portfolio_is_given_as_json(valued: Longcase) -> None:
    whole = valued("portfolio", "--json").json
    lines = valued("portfolio", "--jsonl", "--limit", 1).jsonl

    assert lines == whole["companies"]
    assert valued("portfolio", "--exposed", "--jsonl").jsonl == []
    assert valued("portfolio", "--known-at", 4, "--json").json["companies"][0]["exposed"]
    assert valued("portfolio", "--as-of", "yesterday").code == 2


def test_the_timeline_shows_what_the_company_was_worth(valued: Longcase) -> None:
    text = valued("timeline", "acme", "--context", "--ticket", "TCK-1")
    entries = valued("timeline", "acme", "--context", "--json").json["entries"]

    assert "ARR THEN" in text.out.splitlines()[0]
    assert "EUR 480000" in text.out.splitlines()[1]
    assert {entry["context"]["arr"] for entry in entries} == {"300000", "480000"}
    assert "context" not in valued("timeline", "acme", "--jsonl").jsonl[0]
    assert valued("timeline", "acme", "--context", "--follow").code == 2
