"""Two who merge at once never make a circle: what a decision rests on must still be so."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.desk import Desk
from services.receipts import Receipt
from services.wire import Report
from tests.conftest import OpenDesk
from tests.reports import (
    adopted,
    introduced,
    merged,
    opened,
    registered,
    resolved,
    same,
    statuses,
    united,
    wrote,
)

ROUNDS = 5

Case = tuple[list[Report], tuple[Report, Report], str]


def of_tickets(n: int) -> Case:
    one, two = f"A-{n}", f"B-{n}"
    begun = [opened(one), opened(two)]
    return begun, (merged(one, two), merged(two, one)), "merged-into-itself"


def of_contacts(n: int) -> Case:
    one, two = f"a-{n}", f"b-{n}"
    return [introduced(one), introduced(two)], (same(one, two), same(two, one)), (
        "merged-into-itself"
    )  # fmt: skip


def of_companies(n: int) -> Case:
    """Two pairs, joined at both ends: neither merge touches a stream of the other."""
    a, b, c, d = (f"{name}-{n}" for name in "abcd")
    begun = [*map(registered, (a, b, c, d)), united(b, a), united(d, c)]
    return begun, (united(c, b), united(a, d)), "merged-into-itself"


def of_parents(n: int) -> Case:
    a, b, c, d = (f"{name}-{n}" for name in "abcd")
    begun = [*map(registered, (a, b, c, d)), adopted(a, b), adopted(c, d)]
    return begun, (adopted(b, c), adopted(d, a)), "own-parent"


CASES = pytest.mark.parametrize("case", [of_tickets, of_contacts, of_companies, of_parents])


def at_once(desks: list[Desk], reports: tuple[Report, Report]) -> list[Receipt]:
    start = threading.Barrier(len(desks))

    def run(desk: Desk, report: Report) -> Receipt:
        start.wait()
        (receipt,) = desk.record([report])
        return receipt

    with ThreadPoolExecutor(len(desks)) as threads:
        return list(threads.map(run, desks, reports))


@CASES
def test_of_two_who_close_a_circle_at_once_one_is_refused(
    open_desk: OpenDesk, case: Callable[[int], Case]
) -> None:
    desks = [open_desk(), open_desk()]
    desks[0].record([registered()])
    for number in range(ROUNDS):
        begun, racers, refusal = case(number)
        assert set(statuses(desks[0].record(begun))) == {"accepted"}

        found = at_once(desks, racers)

        assert sorted(statuses(found)) == ["accepted", refusal]


@CASES
def test_what_another_desk_recorded_since_is_known_before_a_circle_is_closed(
    open_desk: OpenDesk, case: Callable[[int], Case]
) -> None:
    """Each keeps the state of streams in memory, and it may be old."""
    first, second = open_desk(), open_desk()
    begun, (one, other), refusal = case(1)
    first.record([registered(), *begun])
    second.record([registered("elsewhere")])
    for report in begun:
        second.streams.find(report.stream_id)

    assert statuses(first.record([one])) == ["accepted"]

    assert statuses(second.record([other])) == [refusal]


def test_a_message_reopens_a_kept_ticket_that_another_desk_resolved(open_desk: OpenDesk) -> None:
    first, second = open_desk(), open_desk()
    first.record([registered(), opened("KEPT"), opened("GONE"), merged("GONE", "KEPT")])
    second.streams.find("ticket/KEPT")
    first.record([resolved("KEPT")])

    (receipt,) = second.record([wrote("GONE")])

    assert (receipt.last_position or 0) > (receipt.position or 0)
