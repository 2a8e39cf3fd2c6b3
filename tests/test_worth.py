"""What a company was worth when something happened: beside the entries of its timeline."""

from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from domain.values import micros
from projections.timeline_filter import Filter
from services.security import Role
from tests import witnesses
from tests.reports import ACME, at, noted, opened, registered, united, valued
from tests.served import LONG, Served, served, story
from tests.witnesses import Told

__all__ = ["served", "story"]

told = witnesses.told

NEW_YEAR = at("09:00", year=2026, month=1, day=2)
EVERYTHING = Filter()


def contexts(
    told: Told, filter: Filter = EVERYTHING, role: Role = "agent", **asked: Any
) -> dict[str, dict[str, Any] | None]:
    """Read what stands beside each note and opening of Acme, by the day it happened."""
    bound = (ACME,) if role == "customer" else ()
    read = told.by("eve", role, *bound)
    answer = read.with_context(read.timeline(ACME, filter, **asked), filter)
    entries = map(orjson.loads, answer.page.entries)
    return {
        entry["occurred_at"][:10]: entry.get("context")
        for entry in entries
        if entry["type"].startswith("ticket.")
    }


def worth(arr: int, since: date, **known: Any) -> Any:
    return valued(arr=Decimal(arr), ltv=None, valid_from=since, **known)


def test_a06_an_entry_shows_what_the_company_was_worth_when_it_happened(told: Told) -> None:
    told.tell(
        worth(300_000, date(2025, 1, 1), at=at("09:00", year=2025, month=1, day=2)),
        opened(at=at("09:00", year=2025, month=12, day=20)),
    )
    _, stated = told.tell(
        noted(at=at("09:00", year=2026, month=2, day=5)),
        worth(480_000, date(2026, 1, 1), at=NEW_YEAR, system="billing"),
    )

    found = contexts(told)

    before, after = found["2025-12-20"], found["2026-02-05"]
    assert before is not None
    assert after is not None
    assert (before["arr"], after["arr"], after["currency"]) == ("300000", "480000", "EUR")
    assert after["event_id"] == str(told.event_at(stated))
    assert (after["valid_from"], after["origin"]) == ("2026-01-01", "crm")
    assert after["text"] == "ARR EUR 480,000, from 2026-01-01, as crm says"


def test_a06_what_was_not_known_on_either_clock_is_not_shown(told: Told) -> None:
    told.tell(
        worth(300_000, date(2025, 1, 1), at=at("09:00", year=2025, month=1, day=2)),
        opened(at=at("09:00", year=2026, month=2, day=5)),
    )
    known_at = told.deployment.log.head()
    told.tell(worth(480_000, date(2026, 1, 1), at=at("09:00", year=2026, month=3, day=1)))

    def arr(**asked: Any) -> str | None:
        shown = contexts(told, Filter(**asked))["2026-02-05"]
        return shown["arr"] if shown else None

    assert arr() == "480000"
    assert arr(known_at=known_at) == "300000"
    assert arr(as_of=micros(at("09:00", year=2026, month=2, day=28))) == "300000"
    assert arr(as_of=micros(at("09:00", year=2026, month=3, day=2))) == "480000"


def test_a06_a_pass_goes_on_with_what_was_known_at_its_start(told: Told) -> None:
    told.tell(
        opened(at=at("09:00", year=2026, month=2, day=5)),
        noted(at=at("09:00", year=2026, month=2, day=6)),
    )
    read = told.by()
    first = read.timeline(ACME, EVERYTHING, limit=1)
    told.tell(worth(480_000, date(2026, 1, 1), at=NEW_YEAR))

    rest = contexts(told, after=first.page.next)

    assert [shown and shown["text"] for shown in rest.values()] == ["not known"]
    again = contexts(told).values()
    assert [shown and shown["arr"] for shown in again] == ["480000", "480000"]


def test_a34_where_nothing_was_valid_it_is_not_known(told: Told) -> None:
    told.tell(
        opened(at=at("09:00", year=2025, month=12, day=20)),
        worth(480_000, date(2026, 1, 1), at=NEW_YEAR),
    )

    shown = contexts(told)["2025-12-20"]

    assert shown == {
        **dict.fromkeys(("arr", "ltv", "currency", "valid_from", "origin", "at", "event_id")),
        "text": "not known",
    }


def test_each_record_of_a_merged_company_tells_its_own_worth(told: Told) -> None:
    day = at("09:00", year=2026, month=2, day=5)
    told.tell(
        registered("radio"),
        valued("radio", arr=Decimal(50), valid_from=date(2026, 1, 1), at=NEW_YEAR),
        opened("R-1", "radio", at=day),
        united(ACME, "radio"),
    )

    assert (contexts(told)["2026-02-05"] or {})["arr"] == "50"


def test_a_customer_is_not_told_what_they_are_worth_to_us(told: Told) -> None:
    told.tell(
        worth(480_000, date(2026, 1, 1), at=NEW_YEAR),
        opened(at=at("09:00", year=2026, month=2, day=5)),
    )

    assert contexts(told, role="customer") == {"2026-02-05": None}
    assert contexts(told, role="auditor") != {"2026-02-05": None}


def test_of_one_event_it_is_told_to_staff_who_may_read_of_the_company(told: Told) -> None:
    (stated,) = told.tell(worth(480_000, date(2026, 1, 1), at=NEW_YEAR))

    def when(*asker: Any) -> str | None:
        found = told.by(*asker).worth_when(ACME, at("09:00", year=2026, month=2, day=5), stated)
        return found["arr"] if found else None

    assert (when(), when("eve", "agent", "other")) == ("480000", None)
    assert when("acme", "customer", ACME) is None


# Over HTTP

TIMELINE = f"/v1/companies/{ACME}-broadcast/timeline"


def test_a_timeline_tells_it_where_that_is_asked(story: Served) -> None:
    asked = {"ticket": LONG, "limit": 3}
    plain, valued = (story.read(TIMELINE, "agent", **asked, **more)
                     for more in ({}, {"context": True}))  # fmt: skip

    assert [entry["context"]["arr"] for entry in valued["entries"]] == ["480000"] * 3
    without = [{k: v for k, v in e.items() if k != "context"} for e in valued["entries"]]
    assert [_placeless(entry) for entry in without] == [
        _placeless(entry) for entry in plain["entries"]
    ]
    assert "context" not in story.read(TIMELINE, "customer", **asked, context=True)["entries"][0]


def test_a_page_with_worth_has_another_tag_than_without_and_than_with_another(
    served: Served,
) -> None:
    def tag(**asked: Any) -> str:
        return served.get(TIMELINE, "agent", ticket=LONG, **asked).headers["etag"]

    plain, before = tag(), tag(context=True)
    served.publish(served.event(
        "company.value_stated", "company/acme-broadcast", arr="1", currency="EUR",
        valid_from="2026-09-01", origin="crm",
    ))  # fmt: skip

    assert before not in (plain, tag(context=True))
    assert tag() == plain


def test_one_event_tells_it_to_staff_alone(story: Served) -> None:
    page = story.read(TIMELINE, visibility="public", ticket=LONG, limit=1)
    path = f"/v1/events/{page['entries'][0]['event_id']}"

    assert story.read(path, "agent")["context"]["arr"] == "480000"
    assert "context" not in story.read(path, "customer")


@pytest.mark.parametrize("value", ["maybe", "2", ""])
def test_context_is_yes_or_no(story: Served, value: str) -> None:
    assert story.get(TIMELINE, "agent", context=value).status_code == 422


def _placeless(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "cursor"}
