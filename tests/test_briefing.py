"""The ten-second card: eight lines in their order, each with its events, nothing invented."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.events import company as c
from domain.events.assets import InstallationUpgraded
from domain.events.duties import CommitmentBroken, CommitmentKept, FactRequested
from domain.events.interaction import Participant
from domain.events.ticket import Assignee, ReporterJoined, TicketClassified
from projections.briefing import Card, card
from projections.briefing_words import length
from projections.dossier.union import roles
from projections.slots import slot
from tests.dossiers import AGENT, Kept, kept
from tests.events import (
    ACME,
    ANA,
    JAN,
    MIA,
    TICKET,
    TOM,
    affiliated,
    assigned,
    at,
    company_registered,
    consulted,
    on_company,
    on_ticket,
    opened,
    promised,
    resolved,
    step_taken,
    talked,
)

__all__ = ["kept"]

NOW = at("15:00", day=10)
NAMES = ["who", "worth", "burning", "promise", "last_contact", "distress", "recurring", "tried"]


def card_of(kept: Kept, now: datetime = NOW, **known: Any) -> Card:
    return card(kept.read(as_of=now), now, kept.log.position, known or None)


def text_of(made: Card, name: str) -> str:
    return next(line.text for line in made.lines if line.name == name)


def test_of_a_company_of_which_nothing_is_known_every_line_says_so(kept: Kept) -> None:
    made = card_of(kept)

    assert [line.name for line in made.lines] == NAMES
    assert {line.events for line in made.lines} == {()}
    assert [line.text for line in made.lines] == [
        "not known · tier not known · 0 people on file",
        "ARR not known · renewal not known · right to support not known · seats not known",
        "no open ticket",
        "no promise on file",
        "last contact not known",
        "distress not known",
        "recurrence not known",
        "nothing tried is on file",
    ]


def test_a28_the_card_says_who_what_burns_and_what_was_promised(kept: Kept) -> None:
    call = (Participant(user_id=TOM), Participant(contact_id=JAN))
    told = kept.tell(
        company_registered(),
        affiliated(),
        on_company(c.CompanyValueStated, arr=Decimal(480_000)),
        on_company(c.RenewalScheduled, renews_on=date(2026, 12, 21)),
        on_company(c.EntitlementGranted),
        on_company(c.LicencesChanged),
        opened("T-2", severity=2, occurred_at=at("09:00")),
        opened("T-1", severity=1, occurred_at=at("11:00", day=4)),
        assigned("T-1", to=Assignee(agent=MIA), occurred_at=at("11:30", day=4)),
        consulted("T-1", department="Engineering", occurred_at=at("10:00", day=10)),
        step_taken("T-1", occurred_at=at("12:00", day=5)),
        promised("T-1", due_at=at("12:00", day=10), occurred_at=at("12:30", day=5)),
        talked(
            participants=call,
            direction="outbound",
            summary="Sent the logs",
            occurred_at=at("16:20", day=9),
        ),
    )
    made = card_of(kept, contact_id=JAN, confidence="exact")

    jan, mia, tom = slot("contact", JAN), slot("staff", MIA), slot("staff", TOM)
    assert [line.text for line in made.lines] == [
        f"{jan} · VP Engineering · VIP · Acme Broadcast",
        "EUR 480,000 ARR · renews in 41 days · Platinum until 31 Mar 2027 · 1,200 seats",
        (f"T-1 Playout drops frames · Sev 1 · open 6 d 4 h · with us for 6 d 4 h · owner {mia} "
         "(Engineering consult pending 5 h) · 1 more open"),
        f'"Patch for the codec" by {tom} to {jan} — BROKEN 3 h ago (due 10 Nov 12:00 UTC)',
        f'9 Nov 16:20 UTC call, {tom} → {jan}: "Sent the logs"',
        "distress not known",
        "1 other open ticket on playout-server, by the same person · recurrence not known",
        "tried: Flush the cache (failed)",
    ]  # fmt: skip
    known = {str(logged.event.event_id) for logged in told}
    lines = {line.name: line.events for line in made.lines}
    assert all(set(events) <= known for events in lines.values())
    assert [name for name, events in lines.items() if not events] == ["distress"]
    assert lines["tried"] == (str(told[10].event.event_id),)


def test_a28_the_same_instant_and_position_give_the_same_digest(kept: Kept) -> None:
    kept.tell(company_registered(), opened(), promised())
    made, position = card_of(kept), kept.log.position
    kept.tell(resolved(occurred_at=at("14:00", day=10)))

    again = card(kept.read(as_of=NOW, known_at=position), NOW, position)

    assert again.digest == made.digest
    assert card_of(kept).digest != made.digest


def test_a10_who_is_found_by_domain_alone_has_no_invented_name(kept: Kept) -> None:
    kept.tell(company_registered(), affiliated())

    made = card_of(kept, contact_id=None, confidence="domain")

    assert text_of(made, "who") == (
        "Acme Broadcast · Platinum · 1 person on file · by domain: the person is not known"
    )


def test_a09_what_was_asked_though_it_was_on_file_is_said(kept: Kept) -> None:
    kept.tell(
        opened(),
        on_company(c.FactLearned, fact_key="log_files"),
        talked(summary="Asked for logs", occurred_at=at("12:00")),
        on_ticket(FactRequested, occurred_at=at("12:00")),
    )

    assert text_of(card_of(kept), "last_contact").endswith(
        '"Asked for logs" (asked for log files, which was on file)'
    )


def test_of_several_promises_the_one_broken_last_is_told_then_the_next_due(kept: Kept) -> None:
    def told() -> str:
        return text_of(card_of(kept), "promise").split(" — ")[1]

    kept.tell(opened(), promised(commitment_id="A", due_at=at("12:00", day=20)),
              promised(commitment_id="B", due_at=at("12:00", day=12)))  # fmt: skip
    assert told() == "due 12 Nov 12:00 UTC"
    kept.tell(on_ticket(CommitmentBroken, commitment_id="A", occurred_at=at("12:00", day=10)))
    assert told() == "BROKEN 3 h ago"
    kept.tell(on_ticket(CommitmentKept, commitment_id="B", occurred_at=at("13:00", day=10)))
    assert told() == "kept 2 h ago"


def test_restricted_text_is_redacted_on_the_card(kept: Kept) -> None:
    kept.tell(opened(), step_taken(what="Ask legal", visibility="restricted"))

    document = kept.read(reader=AGENT, as_of=NOW)

    assert text_of(card(document, NOW, 2), "tried") == "tried: [restricted] (unknown)"


def test_a35_roles_that_nobody_has_are_missing(kept: Kept) -> None:
    kept.tell(affiliated(), affiliated(contact_id=ANA, role="admin", vip=False))

    known = roles([kept.read(ACME)], NOW)

    assert known["covered"] == {"decision_maker": [JAN], "admin": [ANA]}
    assert known["missing"] == ["champion", "end_user", "exec_sponsor"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(59, "0 min"), (3_600, "1 h"), (3_720, "1 h 2 min"), (86_400, "1 d"), (100_000, "1 d 3 h")],
)
def test_lengths_of_time_are_told_in_two_units(seconds: int, told: str) -> None:
    assert length(seconds) == told


def test_a_company_that_is_one_person_is_called_by_its_person(kept: Kept) -> None:
    kept.tell(company_registered(kind="individual", name=None, contact_id=JAN, domains=()))

    assert text_of(card_of(kept), "who").startswith(slot("contact", JAN))


def test_a11_a22_who_knows_whom_and_what_runs_stand_behind_the_card(kept: Kept) -> None:
    people = (Participant(user_id=MIA), Participant(contact_id=JAN))
    kept.tell(
        on_company(c.ProductInstalled, version="7.1", occurred_at=at("09:00", day=1)),
        on_company(InstallationUpgraded, to_version="7.2", installation_id="antwerp-1",
                   occurred_at=at("09:00", day=3)),
        talked("call-1", participants=people), talked("call-2", participants=people),
    )  # fmt: skip

    before, after = (card_of(kept, at("12:00", day=day)).sections for day in (2, 4))

    assert [each["products"][0]["version"] for each in (before, after)] == ["7.1", "7.2"]
    assert [(p["agent"], p["contact_id"], p["touches"]) for p in after["people"]] == [(MIA, JAN, 2)]


def test_a07_what_burns_at_a_company_of_worth_is_gone_once_it_is_resolved(kept: Kept) -> None:
    kept.tell(
        on_company(c.CompanyValueStated, ltv=Decimal(2_100_000), valid_from=date(2026, 1, 1)),
        on_company(c.RenewalScheduled, renews_on=date(2026, 12, 21)),
        opened(severity=1, occurred_at=at("09:00", day=9)),
        resolved(occurred_at=at("12:00", day=10)),
    )

    before, after = (card_of(kept, at(clock, day=10)) for clock in ("11:00", "13:00"))

    assert "Sev 1" in text_of(before, "burning")
    assert "renews in 41 days" in text_of(before, "worth")
    assert text_of(after, "burning") == "no open ticket"
    assert after.sections["resolved_tickets"][0]["ticket_id"] == TICKET


def test_a28_who_else_has_what_burns_is_told_with_the_events_that_say_so(kept: Kept) -> None:
    on_a = {"installation_ids": ("playout-a",), "product_id": "playout"}
    first, second, joined, _, _ = kept.tell(
        opened("T-1", severity=1, **on_a),
        opened("T-2", severity=3, requester_id=ANA, **on_a),
        on_ticket(ReporterJoined, "T-1", contact_id="bo"),
        opened("T-3", severity=3, requester_id="cy", product_id="playout"),
        resolved("T-3"),
    )

    told = next(line for line in card_of(kept).lines if line.name == "recurring")

    assert told.text == (
        "1 more person joined it · 1 other open ticket on playout-a, by 1 other person · "
        "recurrence not known"
    )
    assert set(told.events) == {str(each.event.event_id) for each in (first, second, joined)}


def test_where_nobody_else_has_it_the_card_says_where_it_looked(kept: Kept) -> None:
    kept.tell(opened("T-1", severity=1, product_id="playout"),
              opened("T-2", severity=2, product_id="encoder"))  # fmt: skip

    assert text_of(card_of(kept), "recurring") == (
        "no other open ticket on playout · recurrence not known"
    )


def test_a_ticket_without_a_subject_is_told_by_its_category_or_as_not_known(kept: Kept) -> None:
    kept.tell(opened("T-1", severity=1, subject=None))
    assert text_of(card_of(kept), "burning").startswith("T-1 subject not known · Sev 1")

    kept.tell(on_ticket(TicketClassified, "T-1", category="Category 42", severity=1))
    assert text_of(card_of(kept), "burning").startswith("T-1 Category 42 · Sev 1")
