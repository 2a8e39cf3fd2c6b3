"""The rules of a ticket: what is recorded, what follows, and what makes no sense."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.errors import (
    AlreadyMade,
    AlreadyMerged,
    AlreadyMoved,
    AlreadyOpened,
    InvalidReport,
    MergedIntoItself,
    NotOpened,
    OtherCompany,
    Refused,
    UnknownCommitment,
    UnknownConsultation,
    UnknownEscalation,
    UnknownMerge,
)
from domain.events import TYPES, Event, Recorded
from domain.events.continuing import Continues, Counts
from domain.events.ticket import TicketOpened
from domain.ticket import Ticket
from tests.events import (
    MONDAY,
    TICKET,
    agent_replied,
    consulted,
    customer_wrote,
    noted,
    on_ticket,
    opened,
    promised,
    resolved,
)

STREAM = f"ticket/{TICKET}"
NAMES = sorted(name for name in TYPES if name.startswith("ticket.") and name != "ticket.opened")


def event(name: str, **known: Any) -> Recorded[Event]:
    """Record the example of the ticket's event *name*."""
    return on_ticket(TYPES[f"ticket.{name}"], **known)


def ticket_with(*history: Recorded[Event]) -> Ticket:
    return Ticket.replay(STREAM, history)


def decided(ticket: Ticket, reported: Recorded[Any]) -> list[str]:
    """Name what is recorded now that *reported* has happened."""
    return [each.TYPE.removeprefix("ticket.") for each in ticket.decide(reported)]


def report(ticket: Ticket, reported: Recorded[Any]) -> list[str]:
    """Let *reported* happen to the ticket, with all that follows."""
    names = []
    for each in list(ticket.decide(reported)):
        names.append(each.TYPE.removeprefix("ticket."))
        ticket.take(reported.model_copy(update={"data": each, "type": each.TYPE}))
    return names


@pytest.mark.parametrize("name", NAMES)
def test_nothing_happens_to_a_ticket_that_nobody_opened(name: str) -> None:
    with pytest.raises(NotOpened, match=r"report ticket\.opened first"):
        decided(Ticket(STREAM), on_ticket(TYPES[name]))


def test_a_ticket_is_opened_once() -> None:
    assert decided(Ticket(STREAM), opened()) == ["opened"]

    with pytest.raises(AlreadyOpened):
        decided(ticket_with(opened()), opened())


@pytest.mark.parametrize("name", NAMES)
def test_no_step_is_refused_for_coming_out_of_order(name: str) -> None:
    history = [opened(), resolved(), event("closed"), event("put_on_hold")]
    made = [promised(), event("escalation_raised", escalation_id="X"), consulted()]
    merged = event("merged")
    known: dict[str, dict[str, Any]] = {
        "ticket.commitment_made": {"commitment_id": "another"},
        "ticket.consultation_requested": {"consultation_id": "another"},
        "ticket.escalation_resolved": {"escalation_id": "X"},
        "ticket.escalation_accepted": {"escalation_id": "X"},
        "ticket.escalation_declined": {"escalation_id": "X"},
        "ticket.escalation_updated": {"escalation_id": "X"},
        "ticket.merge_reverted": {"merge_event_id": merged.event_id},
    }
    alone = name in ("ticket.merged", "ticket.moved_away")

    ticket = ticket_with(*history, *made, *([] if alone else [merged]))

    assert decided(ticket, on_ticket(TYPES[name], imported=True, **known.get(name, {}))) == [
        name.removeprefix("ticket.")
    ]


def test_a_report_for_another_company_is_refused() -> None:
    with pytest.raises(OtherCompany, match=r"ticket\.moved_away"):
        decided(ticket_with(opened()), customer_wrote(company="borealis"))


@pytest.mark.parametrize(
    ("reported", "refusal"),
    [
        (event("commitment_kept", commitment_id="by-tuesday"), UnknownCommitment),
        (event("commitment_broken", commitment_id="by-tuesday"), UnknownCommitment),
        (event("commitment_withdrawn", commitment_id="by-tuesday"), UnknownCommitment),
        (event("escalation_resolved", escalation_id="X-2"), UnknownEscalation),
        (event("escalation_accepted", escalation_id="X-2"), UnknownEscalation),
        (event("escalation_declined", escalation_id="X-2"), UnknownEscalation),
        (event("escalation_updated", escalation_id="X-2"), UnknownEscalation),
        (event("consultation_answered", consultation_id="Q-2"), UnknownConsultation),
        (event("consultation_accepted", consultation_id="Q-2"), UnknownConsultation),
        (event("consultation_declined", consultation_id="Q-2"), UnknownConsultation),
        (event("consultation_closed", consultation_id="Q-2"), UnknownConsultation),
        (event("duplicate_suspected", candidate_ticket_id=f"{TICKET}~2"), InvalidReport),
        (event("merge_reverted", merge_event_id=UUID(int=3)), UnknownMerge),
        (event("merged", kept_id=TICKET), MergedIntoItself),
        (event("moved_away", to_company="acme", to_stream_id=None), AlreadyMoved),
        (event("commitment_made"), AlreadyMade),
        (event("escalation_raised"), AlreadyMade),
        (event("consultation_requested"), AlreadyMade),
    ],
)
def test_what_makes_no_sense_is_refused(reported: Recorded[Event], refusal: type[Refused]) -> None:
    ticket = ticket_with(opened(), promised(), event("escalation_raised"), consulted())

    with pytest.raises(refusal):
        decided(ticket, reported)


def test_a_promise_is_kept_after_it_was_made_and_so_are_the_others() -> None:
    ticket = ticket_with(opened(), promised(), event("escalation_raised"), consulted())

    for name in ("commitment_kept", "commitment_broken", "commitment_withdrawn",
                 "escalation_updated", "escalation_accepted", "escalation_resolved",
                 "consultation_accepted", "consultation_answered",
                 "consultation_closed"):  # fmt: skip
        assert report(ticket, event(name)) == [name]


def test_a_merge_is_reverted_once() -> None:
    merged = event("merged")
    ticket = ticket_with(opened(), merged)
    reverting = event("merge_reverted", merge_event_id=merged.event_id)
    assert report(ticket, reverting) == ["merge_reverted"]

    with pytest.raises(UnknownMerge):
        decided(ticket, reverting)


@pytest.mark.parametrize("name", ["merged", "moved_away"])
def test_a_ticket_goes_on_inside_one_other_and_is_not_moved_meanwhile(name: str) -> None:
    merged = event("merged", kept_id="T-1")
    reverted = event("merge_reverted", merge_event_id=merged.event_id)

    with pytest.raises(AlreadyMerged, match="goes on inside T-1; revert that merge first"):
        decided(ticket_with(opened(), merged), event(name, **later(5)))

    assert decided(ticket_with(opened(), merged, reverted), event(name)) == [name]


def test_an_event_goes_to_one_other_ticket() -> None:
    split = event("split", new_ticket_id="T-2", moved_event_ids=(UUID(int=4), UUID(int=5)))
    ticket = ticket_with(opened(), split)

    with pytest.raises(AlreadyMoved, match="by an earlier split"):
        decided(ticket, event("split", new_ticket_id="T-3", moved_event_ids=(UUID(int=5),)))

    assert decided(ticket, event("split", moved_event_ids=(UUID(int=6),))) == ["split"]


def later(minutes: int) -> dict[str, Any]:
    return {"occurred_at": MONDAY + timedelta(minutes=minutes)}


@pytest.mark.parametrize("done", ["resolved", "closed"])
def test_a_customers_message_reopens_what_is_done(done: str) -> None:
    ticket = ticket_with(opened(), event(done, **later(10)))
    assert ticket.is_done

    assert report(ticket, customer_wrote(**later(20))) == ["customer_message_received", "reopened"]

    assert not ticket.is_done
    assert ticket.reopened == 1


@pytest.mark.parametrize(
    "message",
    [
        customer_wrote(**later(20), imported=True),
        customer_wrote(**later(9)),
        agent_replied(**later(20)),
        noted(**later(20)),
    ],
)
def test_nothing_else_reopens_it(message: Recorded[Event]) -> None:
    ticket = ticket_with(opened(), resolved(**later(10)))

    assert len(report(ticket, message)) == 1
    assert ticket.is_done


def test_a_message_at_the_very_moment_reopens_it() -> None:
    ticket = ticket_with(opened(), resolved(**later(10)))

    assert decided(ticket, customer_wrote(**later(10)))[1:] == ["reopened"]


def test_a_resolution_that_is_learned_late_does_not_undo_a_reopening() -> None:
    ticket = ticket_with(opened(), resolved(**later(10)), event("reopened", **later(30)))

    report(ticket, event("closed", **later(20)))

    assert not ticket.is_done


def test_only_the_desk_continues_a_ticket() -> None:
    forged = Continues(stream_id="ticket/T-1", chain_id="T-1", first_opened_at=MONDAY)

    with pytest.raises(InvalidReport, match="only a move"):
        decided(Ticket(STREAM), opened(continues=forged))
    with pytest.raises(InvalidReport, match="only a move"):
        decided(Ticket("ticket/T~2"), opened("T~2"))


@pytest.mark.parametrize(
    ("stream", "following"),
    [("T", "T~2"), ("T~2", "T~3"), ("T~9", "T~10"), ("a-b.c:d", "a-b.c:d~2")],
)
def test_the_links_of_a_chain_are_numbered(stream: str, following: str) -> None:
    assert Ticket(f"ticket/{stream}").next_link == f"ticket/{following}"


def test_a_continuation_knows_what_was_before() -> None:
    history = [opened(), customer_wrote(), agent_replied(), agent_replied(), promised(),
               event("reopened"), event("escalation_raised"), consulted()]  # fmt: skip
    ticket = ticket_with(*history)
    opening = ticket.opening
    assert opening
    assert isinstance(opening.data, TicketOpened)

    reopening = ticket.continuation(opening.data)

    assert reopening.model_copy(update={"continues": None}) == opening.data
    assert reopening.continues == Continues(
        stream_id=STREAM,
        chain_id=TICKET,
        first_opened_at=opening.occurred_at,
        counts=Counts(events=9, customer_messages=1, agent_replies=2, reopened=1),
        commitment_ids=("P-1",),
        escalation_ids=("X-1",),
        consultation_ids=("Q-1",),
    )
    link = Ticket(ticket.next_link)
    link.take(on_ticket(TicketOpened, f"{TICKET}~2", **dict(reopening), **later(50)))
    assert (link.messages, link.replies, link.reopened, link.earlier) == (1, 2, 1, 9)
    assert link.first_opened_at == opening.occurred_at
    assert report(link, event("commitment_kept")) == ["commitment_kept"]
