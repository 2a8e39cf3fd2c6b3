"""A company that absorbed another: its replay and what changed in it follow the union."""

from pathlib import Path
from typing import Any

import orjson

from projections.changes import apply
from services.dossiers import Dossiers
from services.security import Identity
from tests.served import ACME, OTHER, Served, served
from tests.test_merging import Told, opened, published, united, whole_timeline

__all__ = ["served"]

BEFORE, AFTER = "2026-11-21T08:59:00Z", "2026-11-21T09:01:00Z"


def replayed(served: Served, company: str, who: str = "auditor", **asked: Any) -> list[Told]:
    steps: list[Told] = []
    while True:
        page = served.read(f"/v1/companies/{company}/replay", who, limit=200,
                           after_step=len(steps), **asked)  # fmt: skip
        steps += page["steps"]
        if len(steps) == page["total"]:
            return steps


def reverted(served: Served, merge: str) -> None:
    served.publish(served.event(
        "company.merge_reverted", f"company/{OTHER}", merge_event_id=merge,
        time="2026-11-22T10:00:00Z",
    ))  # fmt: skip


def ids(steps: list[Told]) -> list[str]:
    return [step["event"]["event_id"] for step in steps]


def test_a_replay_shows_both_and_counts_them_as_one_from_the_merge_on(served: Served) -> None:
    alone = {company: replayed(served, company) for company in (ACME, OTHER)}
    merge = united(served, ACME, OTHER)
    later = published(served, opened(served, "O-1", OTHER, time="2026-11-21T12:00:00Z"))

    both = replayed(served, ACME)

    assert ids(both) == whole_timeline(served, ACME)
    place = ids(both).index(merge)
    last = {company: steps[-1]["state"] for company, steps in alone.items()}
    before, after = both[place - 1]["state"], both[place]["state"]
    assert before["tickets"] == last[ACME]["tickets"]
    for figure in ("tickets", "promises"):
        assert after[figure] == {
            name: last[ACME][figure][name] + last[OTHER][figure][name] for name in after[figure]
        }
    assert (after["company_id"], after["name"]) == (last[ACME]["company_id"], last[ACME]["name"])
    assert both[-1]["state"]["tickets"]["new"] == after["tickets"]["new"] + 1
    assert ids(both)[-1] == later

    reverted(served, merge)

    own = {company: replayed(served, company) for company in (ACME, OTHER)}
    assert ids(own[ACME])[: len(alone[ACME])] == ids(alone[ACME])
    assert own[ACME][-1]["state"]["tickets"] == last[ACME]["tickets"]
    assert later in ids(own[OTHER])
    assert later not in ids(own[ACME])


def test_a_replay_as_known_before_the_merge_is_that_of_the_company_alone(served: Served) -> None:
    alone = replayed(served, ACME)
    position = served.read(f"/v1/companies/{ACME}/replay")["position"]
    united(served, ACME, OTHER)

    assert replayed(served, ACME, known_at=position) == alone


def test_each_replays_what_they_have_a_right_to(served: Served) -> None:
    alone = replayed(served, ACME, "acme-agent")
    public = replayed(served, ACME, "customer")
    united(served, ACME, OTHER)

    assert replayed(served, ACME, "acme-agent")[: len(alone)] == alone
    assert len(replayed(served, ACME, "acme-agent")) == len(alone) + 1
    assert ids(replayed(served, ACME, "customer")) == ids(public)


def test_a37_what_changed_across_a_merge_tells_of_both(served: Served) -> None:
    merge = united(served, ACME, OTHER)
    path = f"/v1/companies/{ACME}/diff"

    crossing = served.read(path, **{"from": BEFORE, "to": AFTER})

    assert crossing["before"]["merged"] == {}
    assert list(crossing["after"]["merged"]) == [OTHER]
    assert any(word.startswith("Merged into it: ") for word in crossing["words"])
    assert apply(crossing["changes"], crossing["before"]) == crossing["after"]

    published(served, opened(served, "O-1", OTHER, time="2026-11-21T12:00:00Z"))
    since = served.read(path, **{"from": AFTER, "to": "2026-11-21T13:00:00Z"})
    assert any("O-1" in word for word in since["words"])

    reverted(served, merge)
    parted = served.read(path, **{"from": AFTER, "to": "2026-11-22T11:00:00Z"})
    assert parted["after"]["merged"] == {}
    assert any(word.startswith("No longer part of it: ") for word in parted["words"])


def test_who_may_not_read_the_absorbed_company_is_told_nothing_of_it(served: Served) -> None:
    united(served, ACME, OTHER)

    told = served.read(f"/v1/companies/{ACME}/diff", "acme-agent", **{"from": BEFORE, "to": AFTER})

    assert told["after"]["merged"] == {}


def test_an_export_is_of_one_record_and_names_those_that_count_as_one_with_it(
    served: Served, tmp_path: Path
) -> None:
    united(served, ACME, OTHER)

    for company, expected in (
        (ACME, {"merged_into": None, "absorbed": [OTHER]}),
        (OTHER, {"merged_into": ACME, "absorbed": []}),
    ):
        reading = Dossiers(served.deployment, Identity("ann", frozenset(("auditor",))))
        manifest = reading.export(company, tmp_path / company)

        assert manifest["united_with"] == expected
        lines = (tmp_path / company / "events.jsonl").read_bytes().splitlines()
        owners = {orjson.loads(line)["document"]["company_id"] for line in lines}
        assert owners == {company}


def test_promises_as_of_now_are_the_live_ones(served: Served) -> None:
    path = f"/v1/companies/{ACME}/promises"
    live, head = served.read(path), served.read(f"/v1/companies/{ACME}")["position"]

    assert served.read(path, known_at=head)["promises"] == live["promises"]
    then = served.read(path, as_of="2026-12-31T00:00:00Z")
    assert [one["event_ids"] for one in then["promises"]] == [
        one["event_ids"] for one in live["promises"]
    ]
    assert served.read(path, known_at=1)["promises"] == []


def test_promises_as_of_a_moment_are_those_of_the_dossier_then(served: Served) -> None:
    for day in range(1, 31):
        moment = f"2026-11-{day:02}T12:00:00Z"
        told = served.read(f"/v1/companies/{ACME}/promises", as_of=moment)
        ledger = served.read(f"/v1/companies/{ACME}", as_of=moment)["dossier"]["company"][
            "promises"
        ]

        standing = {f"{one['ticket_id']}/{one['id']}" for one in told["promises"]
                    if one["state"] == "open"}  # fmt: skip
        assert standing == set(ledger["open"])
        ended = sum(one["state"] != "open" for one in told["promises"])
        assert ended == sum(ledger["counts"].values())
