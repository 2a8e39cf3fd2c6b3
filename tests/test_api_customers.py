"""What customers never see over HTTP: what is not public, and what they could count it by."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.served import ACME, LONG, MOVED, Served, served, story

__all__ = ["served", "story"]

CANARY = "zwaluwstaart"
SOUGHT = CANARY.removesuffix("staart")
"""What is asked for by its beginning: so an answer may repeat the question."""


def tell_secrets(served: Served) -> None:
    """Record what no customer may hear of, in every place that is not public."""
    event, company = served.event, f"company/{ACME}"
    served.publish(
        event("contact.registered", "contact/secret", name=f"{CANARY} secret",
              emails=[f"{CANARY}@acme-broadcast.example"]),
        event("company.contact_affiliated", company, contact_id="secret", role="other",
              title=f"{CANARY} title"),
        event("company.fact_learned", company, fact_key="mood", value=CANARY, about="company",
              learned_from="sales"),
        event("interaction.logged", "interaction/secret", company=ACME, kind="call",
              direction="inbound", summary=CANARY),
        event("ticket.internal_note_added", f"ticket/{LONG}", note=CANARY, visibility="internal"),
        event("ticket.internal_note_added", f"ticket/{LONG}", note=CANARY, visibility="restricted"),
        event("ticket.step_recorded", f"ticket/{LONG}", step_id="secret", kind="attempt",
              outcome="failed", what=CANARY),
        event("ticket.opened", "ticket/SECRET-1", company=ACME, subject=CANARY,
              visibility="internal"),
        event("ticket.internal_note_added", "ticket/SECRET-1", note=CANARY, visibility="internal"),
        event("ticket.agent_replied", f"ticket/{LONG}", visibility="public",
              body="A public word, and a forged \ue000contact/secret\ue001 one."),
    )  # fmt: skip


def all_a_customer_may_ask() -> list[str]:
    company, ticket = f"/v1/companies/{ACME}", f"/v1/tickets/{LONG}"
    filters = [f"search={SOUGHT}", "contact=secret", "visibility=internal", "visibility=restricted",
               "actor=agent/mia", "type=ticket.internal_note_added", "ticket=SECRET-1"]  # fmt: skip
    return [
        "/v1/companies", f"/v1/companies?q={SOUGHT}", "/v1/companies?q=001-4471",
        company, f"{company}/tickets", f"{company}/replay?limit=200",
        *(f"{company}/timeline?limit=200&order={order}" for order in ("asc", "desc")),
        *(f"{company}/timeline?{asked}" for asked in filters),
        f"{company}/promises", f"{company}/installations", f"{ticket}?as_of=2026-11-30",
        ticket, f"{ticket}/replay?limit=200", f"{ticket}/diff?from=2026-01-01&to=2026-12-01",
        "/v1/tickets/SECRET-1", "/v1/tickets/SECRET-1/replay",
        f"/v1/tickets/{MOVED}", f"/v1/tickets/{MOVED}/replay",
        "/", f"/?q={SOUGHT}", f"/companies/{ACME}", f"/tickets/{LONG}", "/tickets/SECRET-1",
        *(f"/companies/{ACME}?{asked}" for asked in filters),
        *(f"/tickets/{LONG}?step={step}" for step in range(1, 30)),
    ]  # fmt: skip


def test_no_customer_ever_sees_what_is_not_public(served: Served) -> None:
    tell_secrets(served)
    heard = served.get(f"/v1/companies/{ACME}/timeline?search={CANARY}&limit=200").text
    assert heard.count(CANARY) > 10

    for path in all_a_customer_may_ask():
        answer = served.get(path, "customer")
        assert CANARY not in f"{answer.headers} {answer.text}", path
        assert answer.status_code in (200, 404), path


def test_a_customer_is_told_nothing_to_count_by(served: Served) -> None:
    tell_secrets(served)

    for path in all_a_customer_may_ask():
        answer = served.get(path, "customer")
        if answer.headers["content-type"] == "application/json":
            assert list(counted(answer.json())) == [], path
        assert "longcase-position" not in answer.headers


COUNTING = ("position", "positions", "company_seq", "seen_position", "last_position", "continues")


def counted(found: Any) -> Iterator[tuple[str, Any]]:
    """Yield every place in the log that an answer tells."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name in COUNTING and value not in (None, [None, None]):
                yield name, value
            yield from counted(value)
    elif isinstance(found, list):
        yield from itertools.chain.from_iterable(map(counted, found))


@pytest.mark.parametrize(
    "asked",
    [
        f"/v1/companies/{ACME}/timeline?known_at=200",
        f"/v1/companies/{ACME}/timeline?wait_for=1",
        f"/v1/companies/{ACME}/replay?known_at=200",
        f"/v1/tickets/{LONG}/diff?from=1&to=200",
        f"/companies/{ACME}?known_at=200",
    ],
)
def test_a_customer_may_not_ask_by_position(story: Served, asked: str) -> None:
    assert story.get(asked, "customer").status_code == 403
    assert story.get(asked, "agent").status_code == 200


def test_a_customer_may_ask_by_time(story: Served) -> None:
    asked = {"known_at": "2026-11-30T00:00:00Z"}

    assert story.read(f"/v1/companies/{ACME}/timeline", "customer", **asked)["entries"]
    assert story.read(f"/v1/tickets/{LONG}/replay", "customer", **asked)["steps"]


def test_a_customers_replay_is_dense(story: Served) -> None:
    steps = story.read(f"/v1/tickets/{LONG}/replay", "customer", limit=200)["steps"]
    entries = story.read(f"/v1/companies/{ACME}/timeline", "customer", limit=200)["entries"]

    assert [step["step"] for step in steps] == [*range(1, len(steps) + 1)]
    assert {step["event"]["visibility"] for step in steps} == {"public"}
    assert sorted(entry["public_seq"] for entry in entries) == [*range(1, len(entries) + 1)]


def test_a_moved_ticket_tells_neither_customer_of_the_other(story: Served) -> None:
    ours = story.get(f"/v1/tickets/{MOVED}/replay", "customer", limit=200)
    theirs = story.get(f"/v1/tickets/{MOVED}/replay", "other-customer", limit=200)

    assert "kanaal" not in ours.text.lower()
    assert "acme" not in theirs.text.lower()
    assert ours.status_code == theirs.status_code == 200
    assert theirs.json()["steps"][-1]["state"]["counts"]["events"] == theirs.json()["total"]


def test_what_somebody_wrote_names_nobody(served: Served) -> None:
    tell_secrets(served)

    for who in ("customer", "agent"):
        text = served.get(f"/v1/companies/{ACME}/timeline?order=desc&limit=5", who).text
        assert "forged" in text
        assert f"{CANARY} secret" not in text
        page = served.get(f"/tickets/{LONG}", who).text
        assert "forged" in page
        assert f"forged {CANARY}" not in page
