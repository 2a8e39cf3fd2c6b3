"""Dossiers over HTTP: as they stand and stood, the card, who is calling, what changed."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from domain.values import everything
from projections import dossier
from projections.changes import apply
from projections.dossier import tables
from projections.dossier.fold import fold
from services.catalogue import PROJECTIONS
from services.dossiers import Dossiers
from services.feed import opened
from services.rebuild import digest
from services.sample import STORY
from services.security import local
from tests.served import ACME, LONG, Served, served, story

__all__ = ["served", "story"]

COMPANY = f"/v1/companies/{ACME}"
JAN_CALLS = "+32 2 000 01 01"


def line_of(card: dict[str, Any], name: str) -> str:
    return next(str(line["text"]) for line in card["lines"] if line["name"] == name)


def test_a_company_is_read_with_its_dossier_and_names(story: Served) -> None:
    before = story.deployment.position_of(PROJECTIONS["dossier"], ACME)
    found = story.read(COMPANY)

    assert found["dossier"]["company"]["profile"]["name"] == found["name"] == "Acme Broadcast"
    assert LONG in found["dossier"]["open_tickets"]
    assert found["names"]["contact/jan-peeters"] == "Jan Peeters"
    assert before <= found["position"] <= story.deployment.position_of(PROJECTIONS["dossier"], ACME)


def test_a_dossier_as_of_a_time_knows_nothing_that_happened_later(story: Served) -> None:
    then = story.read(COMPANY, as_of="2026-09-10")

    company = then["dossier"]["company"]
    assert (
        company["last_event_at"]
        <= "2026-09-10"
        < story.read(COMPANY)["dossier"]["company"]["last_event_at"]
    )
    assert then["as_of"] == "2026-09-10T00:00:00.000000Z"
    assert company["installations"]["acme-playout-a"]["version"] == "7.2.0"


def test_a_dossier_as_known_at_a_position_holds_as_many_events(story: Served) -> None:
    positions = [row.position for row in story.deployment.log.of_company(ACME, limit=10_000)]

    found = story.read(COMPANY, known_at=positions[49])

    assert found["dossier"]["company"]["events"] == 50
    assert found["position"] == positions[49]


def test_a_time_of_recording_becomes_the_position_that_the_answer_names(served: Served) -> None:
    before = served.deployment.log.head()
    told = datetime.now(UTC).isoformat()
    served.publish(served.event("ticket.internal_note_added", f"ticket/{LONG}", note="New",
                                visibility="internal"))  # fmt: skip

    found = served.read(COMPANY, known_at=told)

    assert found["position"] == before
    assert (
        found["dossier"]["company"]["events"] + 1
        == served.read(COMPANY)["dossier"]["company"]["events"]
    )


def test_what_came_late_is_in_its_place_and_was_not_known_before(served: Served) -> None:
    known_at = served.deployment.log.head()
    served.publish(
        served.event("company.product_installed", f"company/{ACME}", time="2026-09-09T08:00:00Z",
                     installation_id="late-one", product_id="playout", version="1.0")
    )  # fmt: skip

    def installed(**asked: Any) -> bool:
        company = served.read(COMPANY, **asked)["dossier"]["company"]
        return "late-one" in company["installations"]

    assert installed()
    assert installed(as_of="2026-09-10")
    assert not installed(as_of="2026-09-09")
    assert not installed(as_of="2026-09-10", known_at=known_at)


def test_a28_a_card_made_again_at_its_instant_and_position_is_the_same(served: Served) -> None:
    card = served.read(f"{COMPANY}/briefing")
    served.publish(served.event("ticket.resolved", f"ticket/{LONG}"))

    asked = {"as_of": card["as_of"], "known_at": card["position"]}
    again = served.read(f"{COMPANY}/briefing", **asked)

    assert {**again, "footer": None} == {**card, "footer": None}
    assert served.read(f"{COMPANY}/briefing")["digest"] != card["digest"]


def test_every_event_that_a_card_cites_is_there(story: Served) -> None:
    card = story.read(f"{COMPANY}/briefing", as_of="2026-11-20")

    cited = {event for line in card["lines"] for event in line["events"]}
    assert len(cited) > 10
    told = [story.read(f"/v1/events/{event}")["document"] for event in sorted(cited)]
    assert {document["company_id"] for document in told} == {ACME}
    assert line_of(card, "burning").startswith(f"{LONG} Playout drops frames")
    assert len(card["sections"]["resolved_tickets"]) == 5


@pytest.mark.parametrize(
    ("asked", "confidence", "people"),
    [
        ({"phone": JAN_CALLS}, "exact", ["Jan Peeters"]),
        ({"email": "jan.peeters@acme-broadcast.example"}, "exact", ["Jan Peeters"]),
        ({"email": "new@acme-broadcast.example"}, "domain", [None]),
        ({"phone": "+49 30 1234567"}, "unknown", []),
    ],
)
def test_a10_who_is_calling_is_told_with_how_sure_that_is(
    story: Served, asked: dict[str, str], confidence: str, people: list[str | None]
) -> None:
    found = story.read("/v1/callers", **asked)

    assert found["confidence"] == confidence
    assert [caller["name"] for caller in found["callers"]] == people
    assert {caller["company_id"] for caller in found["callers"]} <= {ACME}


def test_a10_the_card_names_the_caller_in_its_first_line(story: Served) -> None:
    card = story.read(f"{COMPANY}/briefing", phone=JAN_CALLS)
    unknown = story.read(f"{COMPANY}/briefing", phone="+49 30 1234567")

    assert line_of(card, "who") == "Jan Peeters · VP Engineering · VIP · Acme Broadcast"
    assert line_of(unknown, "who").endswith("by unknown: the person is not known")


def test_what_changed_between_two_instants_can_be_applied(story: Served) -> None:
    found = story.read(f"{COMPANY}/diff", **{"from": "2026-09-01", "to": "2026-11-01"})

    assert apply(found["changes"], found["before"]) == found["after"]
    assert any(word.startswith("Resolved: ") for word in found["words"])


def test_what_was_recorded_between_two_positions_is_told(served: Served) -> None:
    before = served.deployment.log.head()
    after = served.publish(
        served.event("company.licences_changed", f"company/{ACME}", product_id="probe",
                     seats_before=0, seats_after=7)
    )  # fmt: skip

    asked: dict[str, Any] = {"from": before, "to": after}
    found = served.read(f"{COMPANY}/diff", **asked)

    assert found["words"] == ["Seats of probe: not known → 7."]
    assert found["positions"] == [before, after]


def test_a_company_is_told_with_the_records_merged_with_it_if_that_is_asked(served: Served) -> None:
    served.publish(
        served.event("company.registered", "company/acme-radio", name="Acme Radio"),
        served.event("ticket.opened", "ticket/RADIO-1", company="acme-radio", severity=3),
        served.event("company.merged", f"company/{ACME}", kept_id=ACME, absorbed_id="acme-radio"),
    )

    alone, together = (served.read(COMPANY, roll_up=roll_up) for roll_up in (False, True))

    assert alone["together"] is None
    assert together["together"]["companies"] == [ACME, "acme-radio"]
    assert "RADIO-1" in together["together"]["open_tickets"]
    assert "RADIO-1" not in alone["dossier"]["open_tickets"]
    bound = served.read(COMPANY, "acme-agent", roll_up=True)["together"]
    assert (bound["companies"], bound["out_of_reach"]) == ([ACME], 1)


def test_restricted_text_is_redacted_for_agents_and_not_hidden(served: Served) -> None:
    served.publish(
        served.event("ticket.step_recorded", f"ticket/{LONG}", visibility="restricted",
                     step_id="secret", kind="diagnose", what="Ask legal")
    )  # fmt: skip

    def told(who: str) -> str:
        held = served.read(COMPANY, who)["dossier"]["open_tickets"][LONG]
        return str(held["state"]["steps"][-1]["what"])

    assert (told("agent"), told("auditor")) == ("[restricted]", "Ask legal")


def test_a_customer_is_told_nothing_that_we_keep_of_a_company(story: Served) -> None:
    assert story.read(COMPANY, "customer")["contacts"] == []
    assert "dossier" not in story.read(COMPANY, "customer")
    for path, asked in (
        (COMPANY, {"as_of": "2026-10-01"}), (COMPANY, {"roll_up": True}),
        (f"{COMPANY}/briefing", {}), ("/v1/callers", {"phone": JAN_CALLS}),
        (f"{COMPANY}/diff", {"from": "2026-09-01", "to": "2026-11-01"}),
    ):  # fmt: skip
        assert story.get(path, "customer", **asked).status_code == 403


def test_a06_a23_a_ticket_is_read_with_the_worth_and_the_installations_of_its_company(
    story: Served,
) -> None:
    context = story.read(f"/v1/tickets/{LONG}", context=True)["context"]

    assert context["value"]["arr"] == "480000"
    assert context["entitlement"]["level"] == "Platinum"
    (shown, *_) = context["installations"]
    assert (shown["installation_id"], shown["version"]) == ("acme-playout-a", "7.2.0")
    assert {change["key"] for change in shown["changed_since"]} >= {"version", "gpu.frame_pool"}
    assert story.read(f"/v1/tickets/{LONG}", "customer", context=True)["context"] is None


def test_who_looked_at_a_dossier_is_on_record(served: Served) -> None:
    served.read(f"{COMPANY}/briefing", "agent")

    assert served.reads()[-1]["viewed_company_id"] == ACME
    assert served.reads()[-1]["purpose"] == "briefing"
    served.read(COMPANY, "agent")
    assert served.reads()[-1]["purpose"] == "dossier"


def test_a28_who_was_shown_a_card_is_recorded_by_those_who_may_report(served: Served) -> None:
    card = served.read(f"{COMPANY}/briefing", "agent", shown_to="ceo")
    served.deployment.catch_up()

    told = served.read(f"{COMPANY}/timeline", type="company.executive_briefed")["entries"]

    (kept,) = [entry["data"] for entry in told if entry["data"]["user_id"] == "ceo"]
    asked = {"as_of": kept["as_of"], "known_at": kept["as_of_position"]}
    again = served.read(f"{COMPANY}/briefing", "agent", **asked)
    assert again["digest"] == kept["card_digest"] == card["digest"]
    assert served.get(f"{COMPANY}/briefing", "auditor", shown_to="ceo").status_code == 403
    assert served.get(f"{COMPANY}/briefing", "agent", shown_to="c e o").status_code == 422


def test_another_site_records_nothing_by_a_link_that_somebody_follows(served: Served) -> None:
    head = served.deployment.log.head()

    answer = served.client.get(
        f"{COMPANY}/briefing?shown_to=ceo",
        headers={**served.bearer("agent"), "Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403
    assert served.deployment.log.head() == head


def test_a_card_and_a_dossier_wait_for_what_was_just_recorded(served: Served) -> None:
    position = served.publish(served.event("ticket.resolved", f"ticket/{LONG}"))

    for path in (COMPANY, f"{COMPANY}/briefing"):
        found = served.read(path, wait_for=position)
        assert (found["position"] >= position, found.get("stale", False)) == (True, False)


@pytest.mark.parametrize("path", [COMPANY, f"{COMPANY}/briefing"])
def test_a_position_that_does_not_come_makes_the_answer_stale(story: Served, path: str) -> None:
    assert story.read(path, wait_for=10**9)["stale"] is True
    assert story.get(path, "customer", wait_for=1).status_code == 403


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/v1/callers", {}, 422),
        ("/v1/callers", {"phone": "1", "email": "a@b"}, 422),
        (f"{COMPANY}/briefing", {"phone": "1", "email": "a@b"}, 422),
        (COMPANY, {"as_of": "yesterday"}, 422),
        (f"{COMPANY}/diff", {"from": "2026-11-01", "to": "2026-09-01"}, 422),
        (f"{COMPANY}/diff", {"from": "2026-11-01", "to": "12"}, 422),
        ("/v1/companies/nobody/briefing", {}, 404),
        ("/v1/companies/unassigned/briefing", {}, 404),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    story: Served, path: str, asked: dict[str, str], status: int
) -> None:
    answer = story.get(path, **asked)

    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_company_of_the_far_past_or_future_is_told_like_any_other(story: Served) -> None:
    empty = story.read(COMPANY, as_of="1971-01-01")
    far = (datetime.now(UTC) + timedelta(days=10_000)).isoformat()

    assert empty["dossier"]["company"]["events"] == 0
    assert story.read(COMPANY, as_of=far)["dossier"] == story.read(COMPANY)["dossier"]
    assert story.read(f"{COMPANY}/briefing", as_of="1971-01-01")["company_id"] == ACME


def test_a_rebuild_gives_what_is_live_byte_for_byte(served: Served) -> None:
    for day in ("2026-10-01", "2026-09-20", "2026-10-10"):
        served.publish(served.event("ticket.internal_note_added", f"ticket/{LONG}", note="Late",
                                    time=f"{day}T09:00:00Z", visibility="internal"))  # fmt: skip

    assert served.deployment.rebuilder.verify(PROJECTIONS["dossier"]).agrees


def test_what_is_reported_again_changes_nothing(served: Served) -> None:
    view = served.deployment.models.view(PROJECTIONS["dossier"])
    before = digest(view)
    lines = [json.loads(line) for line in STORY.read_bytes().splitlines()]

    answer = served.post(*lines)
    served.deployment.catch_up()

    assert {receipt["status"] for receipt in answer.json()["receipts"]} == {"duplicate"}
    assert digest(view) == before


def test_a_dossier_of_the_past_read_from_the_store_is_the_fold_of_what_lies_inside(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "EVERY", 10)
    longcase = served.deployment
    longcase.rebuilder.rebuild(PROJECTIONS["dossier"])
    events = opened(longcase.log.all_of_company(ACME), longcase.keyring)
    ordered = sorted(events, key=lambda each: each.happened)
    view = Dossiers(longcase, local()).past()

    for as_of, known_at in product(ordered[::9], events[::31]):
        moment, position = as_of.happened[0], known_at.position
        inside = [e for e in ordered if e.happened[0] <= moment and e.position <= position]
        found = dossier.of(view, everything(), ACME, moment, position)
        assert found == fold(inside, everything()).document
