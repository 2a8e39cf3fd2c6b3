"""Replay over HTTP: page by page to the state as it stands, and what changed between."""

from typing import Any

from tests.served import ACME, LONG, MOVED, Served, served, story

__all__ = ["served", "story"]

REPLAY = f"/v1/tickets/{LONG}/replay"


def bare(ticket: dict[str, Any]) -> dict[str, Any]:
    """Take from a ticket what is put beside its state when it is read."""
    beside = {"promises": ("standing", "kept_late"), "steps": ("configuration",),
              "facts_asked": ("askings",)}  # fmt: skip
    told = {name: value for name, value in ticket.items() if name != "configurations"}
    for name, joined in beside.items():
        told[name] = [{k: v for k, v in one.items() if k not in joined} for one in ticket[name]]
    return told


def test_replay_goes_on_page_by_page_to_the_state_as_it_stands(story: Served) -> None:
    pages = [*story.pages(REPLAY, limit=30)]

    steps = [step for page in pages for step in page["steps"]]
    assert [len(page["steps"]) for page in pages] == [30, 30, 30, 16]
    assert [step["step"] for step in steps] == [*range(1, 107)]
    assert steps[-1]["whole"] == bare(story.read(f"/v1/tickets/{LONG}"))


def test_one_step_is_the_same_as_on_its_way(story: Served) -> None:
    (alone,) = story.read(REPLAY, step=40)["steps"]
    (after,) = story.read(REPLAY, after_step=39, limit=1)["steps"]

    assert alone == after
    assert alone["step"] == 40


def test_a_replay_that_began_sees_nothing_of_what_comes_meanwhile(served: Served) -> None:
    first = served.read(REPLAY, limit=60)
    served.publish(served.event("ticket.resumed", f"ticket/{LONG}", time="2026-09-08T05:00:00Z"))

    rest = served.read(first["next"])

    assert rest["total"] == first["total"] == 106
    assert served.read(REPLAY)["total"] == 107


def test_a_long_ticket_is_never_answered_at_once(served: Served) -> None:
    text = "the output drops a frame " * 2_000
    step = {"kind": "attempt", "outcome": "failed", "what": text}
    events = [served.event("ticket.opened", "ticket/N-1", company=ACME, subject="New")]
    events += [
        served.event("ticket.step_recorded", "ticket/N-1", step_id=f"s{n}", **step)
        for n in range(60)
    ]
    for start in range(0, len(events), 20):
        served.publish(*events[start : start + 20])

    answer = served.get("/v1/tickets/N-1/replay", limit=200)

    assert len(answer.content) < 8 * 1024 * 1024
    assert len([s for p in served.pages("/v1/tickets/N-1/replay") for s in p["steps"]]) == 61


def test_a_moved_ticket_is_replayed_as_one_with_all_its_streams(story: Served) -> None:
    page = story.read(f"/v1/tickets/{MOVED}~2/replay", limit=200)

    streams = {step["event"]["stream_id"] for step in page["steps"]}
    assert streams == {f"ticket/{MOVED}", f"ticket/{MOVED}~2"}
    assert len(page["steps"][-1]["others"]) == 1


def test_a_company_is_replayed_to_its_figures(story: Served) -> None:
    *_, last = story.pages(f"/v1/companies/{ACME}/replay", limit=200)

    company = story.read(f"/v1/companies/{ACME}")
    state = last["steps"][-1]["state"]
    assert state["events"] == company["events"] == 258
    assert sum(state["tickets"].values()) == company["tickets"]


def test_a_difference_is_told_as_data_and_in_words(story: Served) -> None:
    found = story.read(f"/v1/tickets/{LONG}/diff", **{"from": "2026-09-08", "to": "2026-09-09"})

    assert found["steps"] == [0, 35]
    assert "Opened." in found["words"]
    assert found["after"]["status"] == "open"


def test_a41_a_companys_replay_is_taken_up_at_any_step_with_exactly_the_rest(
    story: Served,
) -> None:
    path = f"/v1/companies/{ACME}/replay"
    whole = [step for page in story.pages(path, limit=200) for step in page["steps"]]

    for cut in (0, 1, 100, 257, 258):
        rest = [step for page in story.pages(path, after_step=cut) for step in page["steps"]]
        assert rest == whole[cut:]
