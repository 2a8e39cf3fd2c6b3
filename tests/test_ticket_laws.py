"""Laws of every ticket: a replay is the life that was lived, in whatever order it was learned."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import chain
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refused
from domain.events import Recorded
from domain.ticket import Ticket
from tests.events import (
    MONDAY,
    agent_replied,
    assigned,
    classified,
    customer_wrote,
    noted,
    opened,
    resolved,
    step_taken,
)
from tests.test_ticket import STREAM, event, ticket_with

EVENTS = st.one_of(
    *(
        st.builds(make, occurred_at=st.integers(0, 40).map(lambda m: MONDAY + timedelta(minutes=m)))
        for make in (
            assigned, classified, noted, step_taken, agent_replied, customer_wrote, resolved,
            lambda occurred_at: event("closed", occurred_at=occurred_at),
            lambda occurred_at: event("reopened", occurred_at=occurred_at),
            lambda occurred_at: event("put_on_hold", occurred_at=occurred_at),
            lambda occurred_at: event("merged", occurred_at=occurred_at),
            lambda occurred_at: customer_wrote(occurred_at=occurred_at, imported=True),
        )
    ),
    st.builds(
        lambda number, name: event(name, commitment_id=f"P-{number}"),
        st.integers(0, 3),
        st.sampled_from(["commitment_made", "commitment_kept", "commitment_broken"]),
    ),
)  # fmt: skip
HISTORIES = st.lists(EVENTS, max_size=25)


def lived(reports: Iterable[Recorded[Any]]) -> tuple[Ticket, list[Recorded[Any]]]:
    """Live through *reports*; return the ticket and what was recorded."""
    ticket, recorded = Ticket(STREAM), []
    for reported in chain([opened()], reports):
        try:
            followed = list(ticket.decide(reported))
        except Refused:
            continue
        for each in followed:
            document = reported.model_copy(update={"data": each, "type": each.TYPE})
            ticket.take(document)
            recorded.append(document)
    return ticket, recorded


@given(HISTORIES)
def test_a_replay_leads_to_the_state_that_was_lived(reports: list[Recorded[Any]]) -> None:
    ticket, recorded = lived(reports)

    assert vars(Ticket.replay(STREAM, recorded)) == vars(ticket)


@given(HISTORIES, st.integers(0, 30))
def test_a_replay_may_be_cut_anywhere(reports: list[Recorded[Any]], cut: int) -> None:
    ticket, recorded = lived(reports)

    resumed = Ticket.replay(STREAM, recorded[:cut]).branch()
    for document in recorded[cut:]:
        resumed.take(document)

    assert vars(resumed) == vars(ticket)


@given(HISTORIES)
def test_what_happens_to_a_branch_does_not_happen_to_the_ticket(
    reports: list[Recorded[Any]],
) -> None:
    ticket, recorded = lived(reports)
    before = vars(ticket.branch())

    branch = ticket.branch()
    for document in recorded:
        branch.take(document)

    assert vars(ticket) == before


@given(HISTORIES)
def test_deciding_changes_nothing(reports: list[Recorded[Any]]) -> None:
    ticket, _ = lived(reports)
    before = vars(ticket.branch())

    for reported in reports:
        try:
            list(ticket.decide(reported))
        except Refused:
            continue

    assert vars(ticket) == before


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(reports: list[Recorded[Any]], order: Any) -> None:
    distinct = {each.occurred_at: each for each in reports}
    _, recorded = lived(distinct.values())
    opening, *rest = [
        document.model_copy(update={"occurred_at": MONDAY + timedelta(seconds=number)})
        for number, document in enumerate(recorded)
    ]
    shuffled = order.sample(rest, len(rest))

    one, other = ticket_with(opening, *rest), ticket_with(opening, *shuffled)

    assert vars(one) == vars(other)
