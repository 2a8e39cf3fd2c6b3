"""A ticket of which a part became one of its own, as readers see both: what moved counts once."""

from typing import Any

import pytest

from tests.served import ACME, Served, served
from tests.test_api_replay import bare
from tests.test_merging import TIMELINE, Told, entries, listed, merged, opened, published, wrote

__all__ = ["served"]

SPLIT_AT = "2026-11-20T10:00:00Z"


def split(served: Served, ticket: str, new: str, *events: str, **known: Any) -> str:
    told = {"time": SPLIT_AT, "subject": "Sound lags", **known}
    return published(served, served.event(
        "ticket.split", f"ticket/{ticket}", new_ticket_id=new, moved_event_ids=[*events], **told
    ))  # fmt: skip


def promised(served: Served, ticket: str, promise: str, time: str = "09:40") -> str:
    return published(served, served.event(
        "ticket.commitment_made", f"ticket/{ticket}", commitment_id=promise, what="a patch",
        due_at="2026-12-01T09:00:00Z", time=f"2026-11-20T{time}:00Z",
    ))  # fmt: skip


def steps_of(served: Served, ticket: str, **asked: Any) -> list[Told]:
    found = served.read(f"/v1/tickets/{ticket}/replay", limit=200, **asked)["steps"]
    return [*found]


def messages(state: Told) -> int:
    return int(state["counts"]["customer_messages"])


@pytest.fixture
def parted(served: Served) -> tuple[Served, list[str]]:
    """M-1 with two messages and a promise; the second message and the promise become M-9."""
    served.publish(opened(served, "M-1"), wrote(served, "M-1", "09:10"))
    moved = [
        published(served, wrote(served, "M-1", "09:30", "And the sound lags.")),
        promised(served, "M-1", "p"),
    ]
    split(served, "M-1", "M-9", *moved)
    return served, moved


def test_the_states_of_both_tickets_agree_with_their_timelines(
    parted: tuple[Served, list[str]],
) -> None:
    served, moved = parted

    old, new = (served.read(f"/v1/tickets/{ticket}") for ticket in ("M-1", "M-9"))

    for state, ticket in ((old, "M-1"), (new, "M-9")):
        assert state["counts"]["events"] == len(entries(served, ticket))
    assert (messages(old), messages(new)) == (1, 1)
    assert old["promises"] == []
    assert [promise["event_ids"] for promise in new["promises"]] == [[moved[1]]]
    assert (new["ticket_id"], new["chain_id"], new["subject"]) == ("M-9", "M-9", "Sound lags")
    tickets = listed(served)
    assert (messages(tickets["M-1"]), messages(tickets["M-9"])) == (1, 1)
    promises = served.read(f"/v1/companies/{ACME}/promises")["promises"]
    assert [one["ticket_id"] for one in promises if one["id"] == "p"] == ["M-9"]


def test_as_of_before_the_split_all_of_it_belongs_to_the_old_ticket(
    parted: tuple[Served, list[str]],
) -> None:
    served, _ = parted

    before = served.read("/v1/tickets/M-1", as_of="2026-11-20T09:59:00Z")
    after = served.read("/v1/tickets/M-1", as_of="2026-11-20T10:01:00Z")

    assert (messages(before), messages(after)) == (2, 1)
    assert (len(before["promises"]), len(after["promises"])) == (1, 0)
    assert messages(served.read("/v1/tickets/M-9", as_of="2026-11-20T10:01:00Z")) == 1
    gone = served.get("/v1/tickets/M-9?as_of=2026-11-20T09:59:00Z")
    assert gone.status_code == 404


def test_a_replay_of_either_ends_where_the_ticket_stands(parted: tuple[Served, list[str]]) -> None:
    served, moved = parted

    old, new = steps_of(served, "M-1"), steps_of(served, "M-9")

    for steps, ticket in ((old, "M-1"), (new, "M-9")):
        assert bare(steps[-1]["state"]) == bare(served.read(f"/v1/tickets/{ticket}"))
    # What happened to the old ticket are steps of it, and it is so until the split.
    assert [messages(step["state"]) for step in old] == [0, 1, 2, 2, 1]
    assert [step["event"]["event_id"] for step in new] == entries(served, "M-9")
    assert [step["event"]["event_id"] for step in new][:2] == moved


def test_steps_that_were_told_of_before_a_split_keep_their_numbers(served: Served) -> None:
    served.publish(opened(served, "M-1"), wrote(served, "M-1", "09:10"))
    sound = published(served, wrote(served, "M-1", "09:30"))
    before = steps_of(served, "M-1")
    position = served.read(TIMELINE)["position"]

    split(served, "M-1", "M-9", sound)

    assert steps_of(served, "M-1")[:3] == before
    assert steps_of(served, "M-1", known_at=position) == before
    assert served.get(f"/v1/tickets/M-9/replay?known_at={position}").status_code == 404


def test_what_changed_across_a_split_is_what_went_away(parted: tuple[Served, list[str]]) -> None:
    served, _ = parted
    between = {"from": "2026-11-20T09:59:00Z", "to": "2026-11-20T10:01:00Z"}

    old = served.read("/v1/tickets/M-1/diff", **between)
    new = served.read("/v1/tickets/M-9/diff", **between)

    assert [messages(old[side]) for side in ("before", "after")] == [2, 1]
    assert old["steps"] == [4, 5]
    assert [messages(new[side]) for side in ("before", "after")] == [0, 1]
    assert new["steps"] == [0, 4]


def test_a_handoff_knows_which_of_the_two_a_message_waits_in(
    parted: tuple[Served, list[str]],
) -> None:
    served, moved = parted

    old, new = (served.read(f"/v1/tickets/{ticket}/handoff") for ticket in ("M-1", "M-9"))
    before = served.read("/v1/tickets/M-1/handoff", step=4)

    waiting = [[line["event_id"] for line in each["questions"]["to_us"]]
               for each in (old, new, before)]  # fmt: skip
    assert waiting[1] == [moved[0]]
    assert len(waiting[0]) == 1
    assert waiting[2] == [*waiting[0], moved[0]]
    assert [len(each["promises"]) for each in (old, new, before)] == [0, 1, 1]


def test_the_dossier_has_each_promise_under_the_ticket_it_went_to(
    parted: tuple[Served, list[str]],
) -> None:
    served, _ = parted

    now = served.read(f"/v1/companies/{ACME}")["dossier"]
    then = served.read(f"/v1/companies/{ACME}", as_of="2026-11-20T09:59:00Z")["dossier"]

    held, had = now["open_tickets"], then["open_tickets"]
    assert [messages(held[ticket]["state"]) for ticket in ("M-1", "M-9")] == [1, 1]
    assert (messages(had["M-1"]["state"]), "M-9" in had) == (2, False)
    assert "M-9/p" in now["company"]["promises"]["open"]
    assert "M-1/p" not in now["company"]["promises"]["open"]
    assert "M-1/p" in then["company"]["promises"]["open"]
    counted = [sum(each["company"]["tickets"].values()) for each in (then, now)]
    assert counted[1] == counted[0] + 1


def test_a_company_replay_counts_a_split_as_one_ticket_more(
    parted: tuple[Served, list[str]],
) -> None:
    served, _ = parted
    steps = served.read(f"/v1/companies/{ACME}/replay", limit=1)
    last = served.read(f"/v1/companies/{ACME}/replay", step=steps["total"])["steps"][0]["state"]

    assert last["tickets"] == {
        **last["tickets"],
        **served.read(f"/v1/companies/{ACME}")["dossier"]["company"]["tickets"],
    }
    counts = served.read(f"/v1/companies/{ACME}/promises")["counts"]
    assert last["promises"]["open"] == counts["open"] + counts["broken_by_time"]


def test_a_customer_is_told_of_no_split(parted: tuple[Served, list[str]]) -> None:
    served, _ = parted

    steps = served.read("/v1/tickets/M-1/replay", "customer", limit=200)["steps"]

    assert messages(served.read("/v1/tickets/M-1", "customer")) == 2
    assert messages(steps[-1]["state"]) == 2


def test_what_was_split_off_and_merged_back_is_there_once(
    parted: tuple[Served, list[str]],
) -> None:
    served, _ = parted
    merged(served, "M-9", "M-1", "11:00")

    whole = served.read("/v1/tickets/M-1")

    assert messages(whole) == 2
    assert [one["id"] for one in whole["promises"]] == ["p"]
    steps = steps_of(served, "M-1")
    assert sorted(step["event"]["event_id"] for step in steps) == sorted(entries(served, "M-1"))
    assert bare(steps[-1]["whole"]) == bare(whole)


def test_a_late_message_finds_the_two_as_they_were_split(parted: tuple[Served, list[str]]) -> None:
    served, _ = parted
    published(served, wrote(served, "M-1", "09:05"))
    published(served, wrote(served, "M-9", "09:06"))

    old, new = (served.read(f"/v1/tickets/{ticket}") for ticket in ("M-1", "M-9"))

    assert (messages(old), messages(new)) == (2, 2)
    for state, ticket in ((old, "M-1"), (new, "M-9")):
        assert bare(steps_of(served, ticket)[-1]["state"]) == bare(state)


def test_a_promise_is_kept_in_the_ticket_that_it_went_to(parted: tuple[Served, list[str]]) -> None:
    served, moved = parted
    kept = published(served, served.event(
        "ticket.commitment_kept", "ticket/M-9", commitment_id="p", time="2026-11-20T11:00:00Z",
    ))  # fmt: skip

    (promise,) = served.read("/v1/tickets/M-9")["promises"]
    assert (promise["state"], promise["event_ids"]) == ("kept", [moved[1], kept])
    ledger = served.read(f"/v1/companies/{ACME}")["dossier"]["company"]["promises"]
    assert "M-9/p" not in ledger["open"]
    assert served.read("/v1/tickets/M-1")["promises"] == []
