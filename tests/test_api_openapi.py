"""`/openapi.json` says what is so: answers, problems, and who may ask."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.served import ACME, LONG, MOVED, STRUCTURED, Served, served, story

__all__ = ["served", "story"]

COMPANY, TICKET = "/v1/companies/{company_id}", "/v1/tickets/{ticket_id}"
DIFF = {"from": "2026-09-08", "to": "2026-10-08"}
ASKED: dict[str, list[tuple[str, dict[str, Any], str]]] = {
    "/livez": [("/livez", {}, "agent")],
    "/readyz": [("/readyz", {}, "agent")],
    "/v1/events": [("/v1/events", {}, "admin"),
                   ("/v1/events", {"company": ACME, "opened": True}, "auditor"),
                   ("/v1/events", {"company": ACME}, "acme-admin")],
    "/v1/projections": [("/v1/projections", {}, "admin")],
    "/v1/schemas/{type_name}/{version}": [("/v1/schemas/ticket.opened/1", {}, "agent")],
    "/v1/companies": [("/v1/companies", asked, who) for who in ("auditor", "customer")
                      for asked in ({}, {"q": "acme"})],
    COMPANY: [(f"/v1/companies/{company}", {}, "auditor") for company in (ACME, "unassigned")]
    + [(f"/v1/companies/{ACME}", {}, "customer")],
    f"{COMPANY}/tickets": [(f"/v1/companies/{ACME}/tickets", {}, who)
                           for who in ("auditor", "agent", "customer")],
    f"{COMPANY}/timeline": [(f"/v1/companies/{ACME}/timeline", {"limit": 200}, who)
                            for who in ("auditor", "agent", "customer")],
    f"{COMPANY}/replay": [(f"/v1/companies/{ACME}/replay", {"limit": 200}, who)
                          for who in ("auditor", "agent", "customer")],
    TICKET: [(f"/v1/tickets/{id}", {}, who) for id in (LONG, MOVED)
             for who in ("auditor", "agent", "customer")],
    f"{TICKET}/replay": [(f"/v1/tickets/{id}/replay", {"limit": 200}, who) for id in (LONG, MOVED)
                         for who in ("auditor", "acme-agent", "customer")],
    f"{TICKET}/diff": [(f"/v1/tickets/{LONG}/diff", DIFF, who) for who in ("auditor", "customer")],
}  # fmt: skip
"""What is asked of each path that is described, with its parameters, and by whom."""


@pytest.fixture(scope="module")
def document(story: Served) -> dict[str, Any]:
    found: dict[str, Any] = story.read("/openapi.json", None)
    return found


def held(document: dict[str, Any], described: dict[str, Any], answer: Any) -> None:
    """Hold an answer to what is described of its status."""
    ((media_type, content),) = described[str(answer.status_code)]["content"].items()
    assert answer.headers["content-type"] == media_type
    schema = {**content["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer.json())


def test_every_path_that_can_be_read_is_asked(document: dict[str, Any]) -> None:
    assert {path for path, known in document["paths"].items() if "get" in known} == set(ASKED)


@pytest.mark.parametrize("path", ASKED)
def test_answers_are_as_described(story: Served, document: dict[str, Any], path: str) -> None:
    for address, asked, who in ASKED[path]:
        answer = story.get(address, who, **asked)
        assert answer.status_code == 200
        held(document, document["paths"][path]["get"]["responses"], answer)


def test_receipts_and_refusals_are_as_described(served: Served) -> None:
    document = served.read("/openapi.json", None)
    described = document["paths"]["/v1/events"]["post"]["responses"]
    opening = served.event("ticket.opened", "ticket/N-1", company=ACME, subject="New")
    wrong = served.event("ticket.resumed", "ticket/N-1", expectedversion=9)

    answers = [
        served.post(opening), served.post(opening), served.post(opening, wrong),
        served.post({**opening, "id": "other"}), served.post(wrong), served.post({}),
        served.post(opening, who=None), served.post(opening, who="auditor"),
        served.client.post("/v1/events", content="{}", headers=served.bearer("publisher")),
        served.client.post("/v1/events", content="x" * 300_000,
                           headers={**STRUCTURED, **served.bearer("publisher")}),
    ]  # fmt: skip

    assert [a.status_code for a in answers] == [201, 200, 200, 409, 412, 422, 401, 403, 415, 413]
    for answer in answers:
        held(document, described, answer)


def test_every_operation_says_what_it_is_for_and_who_may_ask(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            if not path.startswith(("/livez", "/readyz")):
                assert operation["security"] == [{"key": []}]
                assert {"401", "403", "422", "503"} <= set(operation["responses"])


def test_the_document_speaks_of_nothing_it_does_not_hold(document: dict[str, Any]) -> None:
    text = json.dumps(document)

    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]
    assert "HTTPValidationError" not in text
    assert document["openapi"].startswith("3.1")
