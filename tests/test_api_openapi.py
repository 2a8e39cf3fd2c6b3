"""`/openapi.json` says what is so: answers, problems, and who may ask."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.served import ACME, LONG, MOVED, STRUCTURED, Served, served, story

__all__ = ["served", "story"]

COMPANY, TICKET = "/v1/companies/{company_id}", "/v1/tickets/{ticket_id}"
DIFF = {"from": "2026-09-08", "to": "2026-10-08"}
NOTHING: dict[str, Any] = {}
ALL: dict[str, Any] = {"limit": 200}
EYES = ("auditor", "agent", "customer")
STAFF = ("auditor", "agent")
Asked = list[tuple[str, dict[str, Any], str]]


def by(people: tuple[str, ...], asked: dict[str, Any], *addresses: str) -> Asked:
    return [(address, asked, who) for address in addresses for who in people]


ASKED: dict[str, Asked] = {
    "/livez": by(("agent",), NOTHING, "/livez"),
    "/readyz": by(("agent",), NOTHING, "/readyz"),
    "/metrics": by(("agent",), NOTHING, "/metrics"),
    "/asyncapi.json": by(("agent",), NOTHING, "/asyncapi.json"),
    "/v1/events": [
        *by(("admin",), NOTHING, "/v1/events"),
        *by(("acme-admin",), {"company": ACME}, "/v1/events"),
        *by(("auditor",), {"company": ACME, "opened": True}, "/v1/events"),
    ],
    "/v1/events/{event_id}": by(EYES, NOTHING, "/v1/events/PUBLIC"),
    "/v1/projections": by(("admin",), NOTHING, "/v1/projections"),
    "/v1/schemas/{type_name}/{version}": by(("agent",), NOTHING, "/v1/schemas/ticket.opened/1"),
    "/v1/companies": [*by(EYES, NOTHING, "/v1/companies"), *by(EYES, {"q": "a"}, "/v1/companies")],
    COMPANY: [*by(EYES, NOTHING, f"/v1/companies/{ACME}"),
              *by(("auditor",), {"roll_up": True, "as_of": "2026-10-20"}, f"/v1/companies/{ACME}"),
              *by(("auditor",), NOTHING, "/v1/companies/unassigned")],
    f"{COMPANY}/briefing": by(("agent", "auditor"), NOTHING, f"/v1/companies/{ACME}/briefing"),
    f"{COMPANY}/diff": by(("agent", "auditor"), DIFF, f"/v1/companies/{ACME}/diff"),
    "/v1/callers": [*by(("agent",), {"phone": "+32 3 555 11 82"}, "/v1/callers"),
                    *by(("agent",), {"email": "who@nowhere.example"}, "/v1/callers")],
    "/v1/portfolio": [*by(STAFF, NOTHING, "/v1/portfolio"),
                      *by(("acme-agent",), {"as_of": "2026-11-17", "limit": 1}, "/v1/portfolio")],
    f"{COMPANY}/tickets": by(EYES, NOTHING, f"/v1/companies/{ACME}/tickets"),
    f"{COMPANY}/timeline": [*by(EYES, ALL, f"/v1/companies/{ACME}/timeline"),
                            *by(EYES, {"context": True}, f"/v1/companies/{ACME}/timeline")],
    f"{COMPANY}/replay": by(EYES, ALL, f"/v1/companies/{ACME}/replay"),
    TICKET: by(EYES, NOTHING, f"/v1/tickets/{LONG}", f"/v1/tickets/{MOVED}"),
    f"{TICKET}/replay": by((*EYES, "acme-agent"), ALL, f"/v1/tickets/{LONG}/replay",
                           f"/v1/tickets/{MOVED}/replay"),
    f"{TICKET}/handoff": by(STAFF, NOTHING, f"/v1/tickets/{LONG}/handoff",
                            f"/v1/tickets/{MOVED}/handoff?step=2"),
    f"{TICKET}/who-knew": by(STAFF, NOTHING, f"/v1/tickets/{LONG}/who-knew?event=PUBLIC&agent=mia"),
    f"{TICKET}/on-file": [*by(STAFF, {"fact_key": "os_version"}, f"/v1/tickets/{LONG}/on-file"),
                          *by(STAFF, {"fact_key": "mood"}, f"/v1/tickets/{LONG}/on-file")],
    f"{COMPANY}/promises": by(EYES, NOTHING, f"/v1/companies/{ACME}/promises"),
    f"{COMPANY}/duplicates": by(STAFF, NOTHING, f"/v1/companies/{ACME}/duplicates"),
    f"{TICKET}/duplicates": by(STAFF, NOTHING, f"/v1/tickets/{LONG}/duplicates"),
    f"{COMPANY}/questions": by(STAFF, NOTHING, f"/v1/companies/{ACME}/questions"),
    f"{COMPANY}/installations": by(EYES, NOTHING, f"/v1/companies/{ACME}/installations"),
    f"{TICKET}/diff": by(EYES, DIFF, f"/v1/tickets/{LONG}/diff"),
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
    is_text = media_type.startswith("text/")
    Draft202012Validator(schema).validate(answer.text if is_text else answer.json())


def test_every_path_that_can_be_read_is_asked(document: dict[str, Any]) -> None:
    assert {path for path, known in document["paths"].items() if "get" in known} == set(ASKED)


@pytest.mark.parametrize("path", ASKED)
def test_answers_are_as_described(story: Served, document: dict[str, Any], path: str) -> None:
    public = story.read(f"/v1/companies/{ACME}/timeline", visibility="public", limit=1)
    for address, asked, who in ASKED[path]:
        address = address.replace("PUBLIC", public["entries"][0]["event_id"])  # noqa: PLW2901
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
            if not path.startswith(("/livez", "/readyz", "/metrics", "/asyncapi.json")):
                assert operation["security"] == [{"key": []}]
                assert {"401", "403", "422", "503"} <= set(operation["responses"])


def test_the_document_speaks_of_nothing_it_does_not_hold(document: dict[str, Any]) -> None:
    text = json.dumps(document)

    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]
    assert "HTTPValidationError" not in text
    assert document["openapi"].startswith("3.1")
