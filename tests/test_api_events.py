"""Publishing over HTTP: how events are sent, what is answered, and whose may be."""

import json
from typing import Any

import pytest

from tests.served import ACME, BATCHED, LONG, MOVED, OTHER, STRUCTURED, Served, served, story

__all__ = ["served", "story"]

TICKET = "ticket/NEW-1"
FACT = {"fact_key": "rack", "value": "B7", "about": "installation", "learned_from": "call"}


def opening(served: Served, subject: str = TICKET, **said: Any) -> dict[str, Any]:
    return served.event(
        "ticket.opened", subject, **{"company": ACME, "subject": "No sound", **said}
    )


def note(served: Served, subject: str = TICKET, **said: Any) -> dict[str, Any]:
    said = {"note": "seen", "visibility": "internal", **said}
    return served.event("ticket.internal_note_added", subject, **said)


def test_an_event_is_accepted_with_its_place(served: Served) -> None:
    answer = served.post(opening(served))

    receipt = answer.json()
    assert answer.status_code == 201
    assert receipt["status"] == "accepted"
    assert receipt["position"] == receipt["last_position"] == served.deployment.log.head()
    assert answer.headers["etag"] == '"1"'


def test_the_same_event_again_is_a_duplicate_at_the_first_place(served: Served) -> None:
    event = opening(served)
    first = served.post(event).json()

    answer = served.post(event)

    assert answer.status_code == 200
    assert answer.json()["status"] == "duplicate"
    assert answer.json()["position"] == first["position"]


def test_the_same_id_with_other_content_is_refused(served: Served) -> None:
    event = opening(served)
    served.post(event)

    answer = served.post({**event, "data": {"subject": "Something else"}})

    assert answer.status_code == 409
    assert answer.json()["code"] == "content-differs"


def test_an_event_in_binary_mode_is_the_same_event(served: Served) -> None:
    event = opening(served)
    head = {f"ce-{name}": value for name, value in event.items() if name != "data"}

    answer = served.client.post(
        "/v1/events", content=json.dumps(event["data"]),
        headers={**head, "Content-Type": "application/json", **served.bearer("publisher")},
    )  # fmt: skip
    again = served.post(event)

    assert answer.status_code == 201
    assert again.json()["status"] == "duplicate"


def test_headers_of_binary_mode_are_percent_decoded(served: Served) -> None:
    event = opening(served, id="n°7")
    head = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    sent = {**head, "ce-id": "n%C2%B07", "Content-Type": "application/json"}

    first = served.client.post(
        "/v1/events", content=json.dumps(event["data"]),
        headers={**sent, **served.bearer("publisher")},
    )  # fmt: skip

    assert first.status_code == 201
    assert served.post(event).json()["status"] == "duplicate"


def test_a_batch_is_answered_one_by_one_and_refused_ones_are_left_out(served: Served) -> None:
    answer = served.post(
        opening(served), note(served), opening(served), {"type": "nonsense"}, note(served)
    )

    receipts = answer.json()["receipts"]
    assert answer.status_code == 200
    assert [receipt["status"] for receipt in receipts] == [
        "accepted", "accepted", "refused", "refused", "accepted",
    ]  # fmt: skip
    assert receipts[2]["code"] == "already-opened"
    assert receipts[3]["code"] == "invalid-report"


@pytest.mark.parametrize("bad", [{"type": "nonsense"}, None])
def test_an_atomic_batch_records_all_or_none(served: Served, bad: Any) -> None:
    before = served.deployment.log.head()
    events = [opening(served), bad or opening(served), note(served)]

    answer = served.client.post(
        "/v1/events?atomic=true", content=json.dumps(events),
        headers={**BATCHED, **served.bearer("publisher")},
    )  # fmt: skip

    receipts = answer.json()["receipts"]
    assert [receipt["status"] for receipt in receipts] == ["refused"] * 3
    assert [receipt["code"] for receipt in receipts][::2] == ["not-alone"] * 2
    assert served.deployment.log.head() == before


def test_events_of_a_batch_keep_what_they_say_to_the_letter(served: Served) -> None:
    twice = json.dumps(note(served)).replace('"note":', '"note": "a", "note":')
    large = json.dumps(served.event("ticket.updated", TICKET)).replace("{}", '{"changes": 1e400}')
    body = f"[{json.dumps(opening(served))}, {twice},\n{large}]"

    answer = served.client.post(
        "/v1/events", content=body, headers={**BATCHED, **served.bearer("publisher")}
    )

    accepted, said_twice, too_large = answer.json()["receipts"]
    assert accepted["status"] == "accepted"
    assert "said twice" in said_twice["reason"]
    assert too_large["code"] == "invalid-report"


def test_the_expected_version_is_held(served: Served) -> None:
    served.publish(opening(served))

    wrong = served.post(note(served), if_match='"4"')
    right = served.post(note(served), if_match='"1"')
    extension = served.post(note(served, expectedversion=1))

    assert wrong.status_code == extension.status_code == 412
    assert wrong.json()["current_version"] == 1
    assert extension.json()["current_version"] == 2
    assert right.status_code == 201


@pytest.mark.parametrize("if_match", ["*", 'W/"1"', '"1", "2"', "one", "-1", '"' + "9" * 30 + '"'])
def test_what_is_no_version_is_not_guessed_at(served: Served, if_match: str) -> None:
    assert served.post(opening(served), if_match=if_match).status_code == 422


def test_two_different_expectations_are_a_mistake(served: Served) -> None:
    assert served.post(opening(served, expectedversion=0), if_match='"1"').status_code == 422
    assert served.post(opening(served), note(served), if_match='"1"').status_code == 422


def test_sizes_are_bounded(served: Served) -> None:
    head = {**STRUCTURED, **served.bearer("publisher")}
    event = json.dumps(opening(served, description="x" * 300_000))
    batch = "[" + ",".join([event] * 30) + "]"
    many = "[" + ",".join(["{}"] * 1_001) + "]"

    def status(body: str, **kind: str) -> int:
        answer = served.client.post("/v1/events", content=body, headers={**head, **kind})
        return int(answer.status_code)

    assert status(event) == 413
    assert status(batch, **BATCHED) == 413
    assert status(many, **BATCHED) == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/cloudevents+json; charset=utf-16"},
        {"Content-Type": "application/cloudevents+json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/xml", "ce-type": "ticket.opened"},
        {},
    ],
)
def test_other_forms_are_not_taken(served: Served, headers: dict[str, str]) -> None:
    answer = served.client.post(
        "/v1/events", content=json.dumps(opening(served)).encode(),
        headers={**headers, **served.bearer("publisher")},
    )  # fmt: skip

    assert answer.status_code == 415
    assert "application/cloudevents+json" in answer.json()["detail"]


def test_a_key_bound_to_sources_speaks_for_them_alone(served: Served) -> None:
    other, own = opening(served), opening(served, source="crm")

    refused = served.post(other, who="crm")
    batch = served.post(other, own, who="crm").json()["receipts"]

    assert refused.status_code == 403
    assert [receipt.get("code") for receipt in batch] == ["denied", None]


BOUND: dict[str, tuple[bool, str, str, dict[str, Any]]] = {
    "opens a ticket of its company": (True, "ticket.opened", TICKET, {"company": ACME}),
    "names it by a domain": (
        True, "ticket.opened", TICKET, {"company": "domain=acme-broadcast.example"},
    ),
    "writes on its ticket": (True, "ticket.resumed", f"ticket/{LONG}", {}),
    "speaks of its company": (True, "company.fact_learned", f"company/{ACME}", FACT),
    "opens one of another": (False, "ticket.opened", TICKET, {"company": OTHER}),
    "opens one of nobody": (False, "ticket.opened", TICKET, {}),
    "writes on one that moved away": (False, "ticket.resumed", f"ticket/{MOVED}", {}),
    "speaks of another company": (False, "company.fact_learned", f"company/{OTHER}", FACT),
    "registers a person": (False, "contact.registered", "contact/eve", {"name": "Eve"}),
    "moves a ticket away": (
        False, "ticket.moved_away", f"ticket/{LONG}", {"to_company": OTHER},
    ),
}  # fmt: skip
"""What a key that is bound to one company may report, and what not."""


@pytest.mark.parametrize("what", BOUND)
def test_a_key_bound_to_a_company_reports_of_it_alone(served: Served, what: str) -> None:
    may, type_name, subject, said = BOUND[what]

    answer = served.post(served.event(type_name, subject, **said), who="acme-publisher")

    assert answer.status_code == (201 if may else 403), answer.text


def test_a_batch_may_go_on_with_what_it_opened(served: Served) -> None:
    receipts = served.post(opening(served), note(served), who="acme-publisher").json()["receipts"]

    assert [receipt["status"] for receipt in receipts] == ["accepted", "accepted"]


def test_nobody_reports_that_somebody_read(served: Served) -> None:
    event = served.event(
        "reads.timeline_viewed", "reads/2026-11-20:forged", viewer_id="eve",
        viewed_company_id=ACME, as_of_position=1, count=1,
    )  # fmt: skip

    assert served.post(event).status_code == 409
    assert served.reads() == []


def test_a43_services_publish_ticket_events(served: Served) -> None:
    event, wrong = opening(served), note(served, expectedversion=7)
    old = note(served, time="2026-11-01T08:00:00Z", note="from long ago")

    thrice = [served.post(event) for _ in range(3)]
    conflict = served.post(wrong)
    unknown = served.post({**note(served), "type": "ticket.exploded"})
    late = served.post(old)
    served.deployment.catch_up()

    assert [answer.status_code for answer in thrice] == [201, 200, 200]
    assert len({answer.json()["position"] for answer in thrice}) == 1
    assert (conflict.status_code, conflict.json()["current_version"]) == (412, 1)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-type")
    assert late.status_code == 201
    entries = served.read(f"/v1/companies/{ACME}/timeline", ticket="NEW-1")["entries"]
    assert [(entry["late"], entry["type"]) for entry in entries] == [
        (True, "ticket.internal_note_added"), (False, "ticket.opened"),
    ]  # fmt: skip


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def traces(served: Served, count: int) -> list[str | None]:
    """The traces of the last events of the store."""
    log = served.deployment.log
    rows = log.after(log.head() - count, count)
    return [row.traceparent for row in log.traced(rows)]


def test_the_trace_of_a_request_goes_on_with_its_events(served: Served) -> None:
    own = {**note(served), "traceparent": OTHER_TRACE}

    served.post(opening(served), note(served), own, traceparent=TRACE)

    assert traces(served, 3) == [TRACE, TRACE, OTHER_TRACE]


def test_what_follows_from_a_report_has_its_trace(served: Served) -> None:
    served.publish(opening(served), served.event("ticket.resolved", TICKET))
    said = served.event(
        "ticket.customer_message_received", TICKET, body="Again", visibility="public"
    )

    served.post(said, traceparent=TRACE)

    assert traces(served, 2) == [TRACE, TRACE]  # the message, and the ticket's reopening


@pytest.mark.parametrize("said", ["nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "é", ""])
def test_a_trace_that_is_none_is_left_out(served: Served, said: str) -> None:
    known = {**STRUCTURED, **served.bearer("publisher")}
    headers = [(name.encode(), value.encode()) for name, value in known.items()]

    answer = served.client.post(
        "/v1/events",
        content=json.dumps(opening(served)),
        headers=[*headers, (b"traceparent", said.encode())],
    )

    assert answer.status_code == 201
    assert traces(served, 1) == [None]


def test_a_receipt_names_the_company_to_who_reads_and_only_a_lost_one_to_who_publishes(
    served: Served,
) -> None:
    def opened_by(who: str, number: int, **said: Any) -> Any:
        return served.post(opening(served, f"ticket/R-{number}", **said), who=who).json()

    assert opened_by("agent", 1)["company_id"] == ACME
    assert "company_id" not in opened_by("publisher", 2)
    assert "company_id" not in opened_by("publisher", 3, company="domain=acme-broadcast.example")
    assert opened_by("publisher", 4, company="domain=nobody.example")["company_id"] == "unassigned"
