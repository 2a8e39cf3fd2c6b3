"""A person without a company is a company of one, and every question to a company works on it."""

from pathlib import Path
from typing import Any

import pytest

from services.reading import Reading
from services.security import local
from tests.cli_words import Longcase, cloud, longcase
from tests.served import Served, served

__all__ = ["longcase", "served"]

ZOE = "person:zoe-brandt"
PAGE = f"/v1/companies/{ZOE}"


@pytest.fixture
def zoe(served: Served) -> Served:
    """The story, and Zoe, of no company, who writes and is answered."""
    about = {"subject": "The player stutters", "description": "Since the update.",
             "requester_id": "zoe-brandt", "channel": "mail", "severity": 3}  # fmt: skip
    served.publish(
        served.event("contact.registered", "contact/zoe-brandt", name="Zoe Brandt",
                     emails=["zoe@brandt.example"], phones=["+49301234567"]),
        served.event("ticket.opened", "ticket/Z-1", time="2026-11-20T10:00:00Z", **about),
        served.event("ticket.agent_replied", "ticket/Z-1", time="2026-11-20T11:00:00Z",
                     visibility="public", body="Please try the 7.2.1 codec."),
        served.event("interaction.logged", "interaction/z-call", time="2026-11-20T12:00:00Z",
                     company="mail=zoe@brandt.example", kind="call",
                     participants=[{"contact_id": "zoe-brandt"}]),
        served.event("survey.sent", "survey/z-csat", time="2026-11-20T13:00:00Z",
                     metric="csat", contact_id="zoe-brandt"),
    )  # fmt: skip
    return served


def types(found: dict[str, Any]) -> list[str]:
    return [entry["type"] for entry in found["entries"]]


STORY = [
    "company.registered", "company.contact_affiliated", "ticket.opened", "ticket.agent_replied",
    "interaction.logged", "survey.sent",
]  # fmt: skip


def test_a01_every_company_query_works_on_a_company_of_one(zoe: Served) -> None:
    assert types(zoe.read(f"{PAGE}/timeline")) == STORY
    for asked in (
        {"ticket": "Z-1"},
        {"contact": "zoe-brandt"},
        {"search": "stutters"},
        {"channel": "mail"},
        {"severity": 3},
        {"as_of": "2026-11-20T10:30:00Z"},
    ):
        assert "ticket.opened" in types(zoe.read(f"{PAGE}/timeline", **asked)), asked
    (ticket,) = zoe.read(f"{PAGE}/tickets")["tickets"]
    assert (ticket["ticket_id"], ticket["company_id"]) == ("Z-1", ZOE)
    assert zoe.read("/v1/tickets/Z-1")["company_id"] == ZOE

    company = zoe.read(PAGE)
    assert (company["kind"], company["name"], company["contact_id"]) == (
        "individual", "Zoe Brandt", "zoe-brandt",
    )  # fmt: skip
    assert [person["name"] for person in company["contacts"]] == ["Zoe Brandt"]
    *_, step = zoe.read(f"{PAGE}/replay")["steps"]
    assert step["state"]["tickets"]["open"] == 1


@pytest.mark.parametrize("asked", ["Zoe", "brandt", "zoe@brandt.example", "+49 30 1234567", ZOE])
def test_a01_it_is_found_by_whatever_one_has_of_the_person(zoe: Served, asked: str) -> None:
    found = zoe.read("/v1/companies", q=asked)["companies"]

    assert [company["company_id"] for company in found] == [ZOE]


def test_a01_it_has_a_page_and_can_be_exported(zoe: Served, tmp_path: Path) -> None:
    manifest = Reading(zoe.deployment, local()).export(ZOE, tmp_path / "out")

    assert manifest["count"] == len(STORY)
    page = zoe.get(f"/companies/{ZOE}")
    assert page.status_code == 200
    assert "Zoe Brandt" in page.text


def test_a01_the_command_line_tells_it_too(longcase: Longcase) -> None:
    at = "2026-11-20T10:00:00Z"
    told = (
        cloud("contact.registered", "contact/zoe-brandt", "1", at, name="Zoe Brandt"),
        cloud("ticket.opened", "ticket/Z-1", "2", at, requester_id="zoe-brandt",
              description="It stutters"),
    )  # fmt: skip
    assert longcase("publish", stdin=b"\n".join(told)).code == 0

    assert ZOE in longcase("companies", "Zoe").out
    assert "It stutters" in longcase("timeline", ZOE).out
    assert "Z-1" in longcase("tickets", ZOE).out
    assert longcase("replay", f"company/{ZOE}").code == 0
