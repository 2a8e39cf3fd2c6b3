"""Whose turn it is, and how promises and installations stood: the small folds of a brief."""

from typing import Any

import pytest

from domain.events import Event, Recorded
from domain.events.assets import InstallationRetired, InstallationUpgraded
from domain.events.company import ConfigurationChange, InstallationConfigured, ProductInstalled
from domain.events.duties import (
    CommitmentKept,
    CommitmentWithdrawn,
    ConsultationAccepted,
    FactRequested,
)
from domain.events.ticket import TicketPutOnHold, TicketReopened, TicketsMerged
from domain.values import everything, rfc3339
from projections.handoff import brief
from projections.installations import Installations
from projections.promises import judged, standing
from projections.replay import replay
from tests.events import (
    agent_replied,
    at,
    consulted,
    customer_wrote,
    logged,
    on_company,
    on_ticket,
    opened,
    promised,
    resolved,
)

ALL = everything()
WAITING = {"text": "And now?", "event_ids": ["a message"]}


def turn_after(*events: Recorded[Event], unanswered: bool = False) -> dict[str, Any]:
    """Say whose turn it is after some events, at noon of the first day."""
    *_, last = replay(logged(*events))
    waiting = [WAITING] if unanswered else []
    found: dict[str, Any] = brief(last.whole, waiting, rfc3339(at("12:00")))["turn"]
    return found


@pytest.mark.parametrize(
    ("events", "who"),
    [
        ((), "us"),
        ((agent_replied(),), "customer"),
        ((agent_replied(), promised()), "us"),
        ((agent_replied(), promised(), on_ticket(CommitmentKept)), "customer"),
        ((agent_replied(), promised(), on_ticket(CommitmentWithdrawn)), "customer"),
        ((on_ticket(FactRequested),), "customer"),
        ((on_ticket(TicketPutOnHold, waiting_for="vendor"),), "vendor"),
        ((on_ticket(TicketPutOnHold, waiting_for="internal"),), "us"),
        ((on_ticket(TicketPutOnHold, waiting_for="unknown"),), "unknown"),
        ((resolved(),), "nobody"),
        ((agent_replied(), resolved(), on_ticket(TicketReopened)), "customer"),
        ((on_ticket(TicketsMerged),), "nobody"),
    ],
)
def test_a_brief_says_whose_turn_it_is_and_by_which_events(
    events: tuple[Recorded[Event], ...], who: str
) -> None:
    turn = turn_after(opened(), *events)

    assert turn["who"] == who
    assert turn["event_ids"]


def test_a_message_that_waits_comes_before_promises_but_not_before_the_end() -> None:
    story = (opened(), agent_replied(), promised(), customer_wrote())

    assert turn_after(*story, unanswered=True)["event_ids"] == ["a message"]
    assert turn_after(*story, resolved(), unanswered=True)["who"] == "nobody"


def test_a_question_that_colleagues_took_up_is_still_open() -> None:
    *_, last = replay(logged(opened(), consulted(), on_ticket(ConsultationAccepted)))

    (question,) = brief(last.whole, [], rfc3339(at("12:00")))["questions"]["to_colleagues"]

    assert len(question["event_ids"]) == 2


def test_a_promise_is_broken_by_time_from_the_moment_after_it_was_due() -> None:
    promise = {"state": "open", "due_at": rfc3339(at("17:00")), "ended_at": None}

    assert standing(promise, rfc3339(at("17:00"))) == "open"
    assert standing(promise, rfc3339(at("17:01"))) == "broken_by_time"
    assert standing({**promise, "due_at": None}, rfc3339(at("17:01"))) == "open"
    late = {**promise, "state": "kept", "ended_at": rfc3339(at("17:01"))}
    assert (judged(late, rfc3339(at("18:00")))["kept_late"], late.get("kept_late")) == (True, None)


def test_an_installation_is_what_was_installed_upgraded_set_and_taken_out_of_use() -> None:
    def changed(**settings: str | None) -> tuple[ConfigurationChange, ...]:
        return tuple(ConfigurationChange(key=key, new=new) for key, new in settings.items())

    found = Installations(
        logged(
            on_company(ProductInstalled, version="7.1", occurred_at=at("09:00")),
            on_company(InstallationConfigured, changes=changed(codec="h264", pool="auto"),
                       occurred_at=at("09:10")),
            on_company(InstallationUpgraded, installation_id="antwerp-1", from_version="7.1",
                       to_version="7.2", occurred_at=at("10:00")),
            on_company(InstallationConfigured, changes=changed(pool=None),
                       occurred_at=at("11:00")),
            on_company(InstallationRetired, installation_id="antwerp-1", occurred_at=at("12:00")),
        ),
        ALL,
    )  # fmt: skip

    assert found.ids == ["antwerp-1"]
    before, after = (found.at("antwerp-1", at(clock)) for clock in ("10:30", "12:00"))
    assert (before.version, before.settings) == ("7.2", {"codec": "h264", "pool": "auto"})
    assert (after.settings, after.retired_at) == ({"codec": "h264"}, rfc3339(at("12:00")))
    assert (before.retired_at, len(before.event_ids), len(after.event_ids)) == (None, 3, 5)
    changes = found.since("antwerp-1", at("09:30"), at("11:30"))
    assert [(c["key"], c["new"]) for c in changes] == [("version", "7.2"), ("pool", None)]
