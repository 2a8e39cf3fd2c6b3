"""The card as it is given: how fresh it is, who was shown it, and what proves that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.briefings import SOURCE
from services.catalogue import PROJECTIONS
from services.parking import Parking
from services.reading import NotFound
from services.security import Denied
from services.wire import Report
from tests import witnesses
from tests.reports import ACME, JAN, learned, opened, promised, registered, resolved, united
from tests.witnesses import Told

told = witnesses.told

DOSSIER = PROJECTIONS["dossier"]


def footer(told: Told, **asked: Any) -> dict[str, Any]:
    read = told.by()
    found: dict[str, Any] = read.shown(read.briefing(ACME, **asked))["footer"]
    return found


def record_only(told: Told, *reports: Report) -> int:
    """Record, and leave the read models behind; say the last position."""
    receipts = told.deployment.desk.record(reports)
    return max(receipt.last_position or 0 for receipt in receipts)


# How fresh it is


def test_a28_a_card_that_is_up_to_date_says_as_of_which_event_and_how_old_that_is(
    told: Told,
) -> None:
    (position,) = told.tell(opened())

    found = footer(told)

    assert (found["position"], found["lag_events"], found["state"]) == (position, 0, "current")
    assert found["text"].startswith(f"as of event {position:,} · ")
    assert found["text"].endswith(" s ago · up to date")
    committed = datetime.fromisoformat(found["committed_at"])
    assert committed <= datetime.now(UTC) < committed + timedelta(minutes=5)


def test_a_card_that_lacks_events_says_how_many_and_since_when(told: Told) -> None:
    (position,) = told.tell(opened())
    record_only(told, learned(), registered("borealis"), promised())

    found = footer(told)

    assert (found["position"], found["lag_events"], found["state"]) == (position, 2, "behind")
    assert "BEHIND: lacks 2 events" in found["text"]
    told.deployment.catch_up()
    assert footer(told)["lag_events"] == 0


def test_what_happens_at_other_companies_makes_no_card_old(told: Told) -> None:
    told.tell(opened())
    record_only(told, registered("borealis"), opened("T-9", company="borealis"))

    assert footer(told)["state"] == "current"


def test_a_card_that_is_paused_says_so_once_it_lacks_something(told: Told) -> None:
    told.tell(opened())
    told.deployment.decisions.pause(DOSSIER.name, "tests")
    before = footer(told)["state"]
    told.tell(learned())

    assert (before, footer(told)["state"]) == ("current", "paused")


def test_a_card_is_not_fresh_while_an_event_of_its_company_is_parked(told: Told) -> None:
    (position,) = told.tell(opened())
    models, row = told.deployment.models, told.deployment.log.at(position)
    assert row
    with models.database.transaction():
        Parking(models).park(models.view(DOSSIER), [row], "no such luck")

    found = footer(told)

    assert (found["state"], found["lag_events"]) == ("parked", 1)
    assert "HELD UP" in found["text"]


def test_a_card_of_the_past_lacks_nothing_that_came_later(told: Told) -> None:
    (position,) = told.tell(opened())
    told.tell(learned())
    record_only(told, promised())

    found = footer(told, known_at=position)

    assert (found["position"], found["lag_events"], found["state"]) == (position, 0, "current")
    assert found["text"].startswith("as it was on ")


@pytest.mark.parametrize("missing", [1, 2, 3, 7])
def test_however_far_behind_a_card_is_every_event_of_its_company_is_counted(
    told: Told, missing: int
) -> None:
    told.tell(*(opened(f"T-{n}") for n in range(5)))
    for n in range(missing):
        record_only(told, registered(f"other-{n}"), opened(f"L-{n}"))

    assert footer(told)["lag_events"] == missing


def test_a_position_that_does_not_come_makes_the_card_stale(told: Told) -> None:
    told.tell(opened())
    position = record_only(told, learned())
    read = told.by()

    stale = read.shown(read.briefing(ACME, wait_for=position))
    told.deployment.catch_up()
    fresh = read.shown(read.briefing(ACME, wait_for=position))

    assert (stale["stale"], fresh["stale"]) == (True, False)
    assert f"STALE: event {position:,} is not in it yet" in stale["footer"]["text"]
    assert "STALE" not in fresh["footer"]["text"]


# Who was shown it


def test_a28_what_an_executive_was_shown_can_be_made_again_and_has_the_same_digest(
    told: Told,
) -> None:
    told.tell(opened(), promised())
    read = told.by("eve")
    shown = read.briefing(ACME, caller={"contact_id": JAN, "confidence": "exact"})

    read.put_on_record(shown, "ceo")
    told.tell(resolved())

    row = [*told.deployment.log.of_stream(f"company/{ACME}")][-1]
    document = orjson.loads(row.state)
    kept = document["data"]
    assert (row.type, document["actor"]) == ("company.executive_briefed", "agent/eve")
    assert document["source"]["system"] == SOURCE
    assert (kept["user_id"], kept["as_of_position"]) == ("ceo", shown.card.position)
    as_of = datetime.fromisoformat(kept["as_of"])
    again = told.by("tom").briefing(ACME, as_of, kept["as_of_position"])
    assert again.card.digest == kept["card_digest"] == shown.card.digest
    assert read.briefing(ACME).card.digest != kept["card_digest"]


def test_that_an_executive_was_shown_the_card_stands_in_the_companys_story(told: Told) -> None:
    (position,) = told.tell(opened())
    read = told.by("eve")
    read.put_on_record(read.briefing(ACME), "ceo")
    told.deployment.catch_up()

    found = read.unrecorded(ACME).document["company"]["briefings"]

    assert [(each["user_id"], each["as_of_position"]) for each in found] == [("ceo", position)]


def test_every_card_that_was_given_stands_in_the_read_audit_with_its_digest(told: Told) -> None:
    told.tell(opened())
    now, then = told.by("eve").briefing(ACME), told.by("tom").briefing(ACME, known_at=1)

    looks = [
        orjson.loads(row.state)["data"]
        for row in told.deployment.log.after(0, 1_000)
        if row.stream_id.startswith("reads/")
    ]

    assert [(each["viewer_id"], each["purpose"], each["card_digest"]) for each in looks] == [
        ("eve", "briefing", now.card.digest), ("tom", "briefing", then.card.digest),
    ]  # fmt: skip
    for look in looks:
        as_of = datetime.fromisoformat(look["to_at"])
        made = told.by("eve").briefing(ACME, as_of, look["as_of_position"])
        assert made.card.digest == look["card_digest"]


def test_neither_the_footer_nor_who_is_calling_is_in_the_digest(told: Told) -> None:
    (position,) = told.tell(opened())
    as_of = datetime.now(UTC)
    read = told.by()
    plain = read.briefing(ACME, as_of, position)
    record_only(told, learned())

    called = read.briefing(ACME, as_of, position, {"contact_id": JAN, "confidence": "exact"})

    assert called.card.digest == plain.card.digest
    assert called.card.lines[0].text != plain.card.lines[0].text


@pytest.mark.parametrize("role", ["auditor", "customer"])
def test_who_may_not_report_puts_nothing_on_record(told: Told, role: str) -> None:
    shown = told.by().briefing(ACME)
    head = told.deployment.log.head()
    who = told.by("x", "auditor") if role == "auditor" else told.customer()

    with pytest.raises(Denied):
        who.put_on_record(shown, "ceo")

    assert told.deployment.log.head() == head


# By a part of the name


def test_a28_a_company_is_found_by_a_part_of_its_name(told: Told) -> None:
    told.tell(registered("borealis", name="Borealis Media"))

    assert told.by().meant("bor med") == "borealis"
    assert told.by().meant(ACME) == ACME
    assert told.by().meant("nobody") == "nobody"


def test_of_several_companies_with_such_a_name_the_candidates_are_listed(told: Told) -> None:
    told.tell(registered("acme-radio", name="Acme Radio"))

    with pytest.raises(NotFound, match=r"acme \(Acme\), acme-radio \(Acme Radio\)"):
        told.by().meant("acm")


def test_a_record_that_was_merged_into_another_is_no_candidate(told: Told) -> None:
    told.tell(registered("acme-radio", name="Acme Radio"))
    told.tell(united(ACME, "acme-radio"))

    assert told.by().meant("acm") == ACME
    assert told.by().meant("acme-radio") == "acme-radio"
