"""The card at the head of a company's page, and the search that leads to it."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.browsed import HTML, page, seen
from tests.served import ACME, LONG, Served, served, story

__all__ = ["served", "story"]

TIMELINE = f"/companies/{ACME}"
JAN_WRITES = "Jan.Peeters@acme-broadcast.example"


def lines(html: str) -> dict[str, str]:
    """Read the lines of the card, by their names."""
    found = re.findall(r'<li class="(\w+) [\w]*">(.*?)</li>', html, re.DOTALL)
    return {name: re.sub("<.*?>", "", text).strip() for name, text in found}


def evidence(html: str) -> dict[str, str]:
    """Read where each line of the card leads to."""
    return {
        name: href.replace("&amp;", "&")
        for name, href in re.findall(r'<li class="(\w+) [\w]*"><a href="([^"]*)"', html)
    }


def test_a28_the_page_of_a_company_opens_with_the_card(story: Served) -> None:
    html = page(story, TIMELINE, as_of="2026-11-20")
    told = story.read(f"/v1/companies/{ACME}/briefing", as_of="2026-11-20T23:59:59.999999Z")

    shown = lines(html)
    assert [*shown] == [line["name"] for line in told["lines"]]
    assert shown["burning"].startswith(f"Burning {LONG} Playout drops frames")
    assert shown["who"] == "Acme Broadcast · Enterprise · 5 people on file"
    assert html.index('class="panel fold card" open') < html.index('<h2 id="timeline"')
    assert "as it was on 20 Nov 23:59 UTC · as of event" in html


def test_every_line_of_the_card_leads_to_the_events_that_tell_it(story: Served) -> None:
    told = story.read(f"/v1/companies/{ACME}/briefing")
    links = evidence(page(story, TIMELINE))

    events = {line["name"]: line["events"] for line in told["lines"] if line["events"]}
    assert links.keys() == events.keys() >= {"who", "worth", "burning", "promise", "tried"}
    for name, href in links.items():
        html = page(story, href)
        assert html.count('<li class="entry ') == len(events[name]), name
        assert all(event in html for event in events[name])


def test_the_evidence_of_a_card_of_the_past_is_of_the_past(story: Served) -> None:
    links = evidence(page(story, TIMELINE, as_of="2026-09-10", known_at="120"))

    assert all("as_of=2026-09-10&known_at=120" in href for href in links.values())
    assert '<main id="main" class="past">' in page(story, links["who"])
    assert 'class="past"' not in page(story, TIMELINE)


def test_the_replay_of_what_burns_starts_at_its_first_step(story: Served) -> None:
    html = page(story, TIMELINE)

    assert f'<a class="button" href="/tickets/{LONG}?step=1"' in html
    assert "<b>Step 1</b>" in page(story, f"/tickets/{LONG}", step=1)


def test_what_a_card_lacks_is_told_where_its_freshness_stands(served: Served) -> None:
    served.deployment.decisions.pause("dossier", "tests")
    served.publish(served.event("ticket.resolved", f"ticket/{LONG}"))

    html = page(served, TIMELINE)

    assert re.search(r'class="behind fresh">as of event [\d,]+ · .* · PAUSED: lacks 1 event', html)


def test_restricted_text_is_on_no_card_of_an_agent(served: Served) -> None:
    served.publish(
        served.event("ticket.step_recorded", f"ticket/{LONG}", visibility="restricted",
                     step_id="secret", kind="diagnose", what="Ask legal")
    )  # fmt: skip

    assert "Ask legal" in lines(page(served, TIMELINE))["tried"]
    assert "Ask legal" not in page(served, TIMELINE, "agent")
    assert "[restricted]" in lines(page(served, TIMELINE, "agent"))["tried"]


def test_customers_are_shown_no_card(story: Served) -> None:
    assert lines(page(story, TIMELINE, "customer")) == {}


def test_that_somebody_opened_the_page_is_on_record_with_the_digest(served: Served) -> None:
    page(served, TIMELINE, "agent")

    looks = served.reads()
    assert [look["purpose"] for look in looks if look["card_digest"]] == ["briefing"]


# Who is shown it


def record(served: Served, who: str = "agent", site: str = "same-origin", **changed: str) -> Any:
    html = page(served, TIMELINE, who)
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))
    return served.client.post(
        f"{TIMELINE}/shown", content=urlencode({**form, "user": "helena", **changed}),
        headers={**HTML, "Cookie": f"longcase_key={served.keys[who]}", "Sec-Fetch-Site": site,
                 "Content-Type": "application/x-www-form-urlencoded"},
        follow_redirects=False,
    )  # fmt: skip


def test_a28_who_was_shown_the_card_is_put_on_record_from_the_page(served: Served) -> None:
    answer = record(served)

    assert (answer.status_code, answer.headers["location"]) == (303, TIMELINE)
    assert "was shown the briefing as of position" in page(served, TIMELINE)
    (kept,) = served.read(f"/v1{TIMELINE}/timeline", type="company.executive_briefed")["entries"]
    asked = {"as_of": kept["data"]["as_of"], "known_at": kept["data"]["as_of_position"]}
    again = served.read(f"/v1{TIMELINE}/briefing", "agent", **asked)
    assert again["digest"] == kept["data"]["card_digest"]


def test_what_was_not_shown_is_not_put_on_record(served: Served) -> None:
    answers = {
        record(served, site="cross-site").status_code,
        record(served, digest="0" * 64).status_code,
        record(served, user="c e o").status_code,
        record(served, user="").status_code,
        record(served, as_of="yesterday").status_code,
        record(served, position="2026-11-03").status_code,
        record(served, position="x" * 10_000).status_code,
    }

    assert answers == {403, 422, 413}
    found = served.read(f"/v1{TIMELINE}/timeline", type="company.executive_briefed")["entries"]
    assert found == []


def test_who_may_not_report_is_offered_no_form(story: Served) -> None:
    assert "/shown" in page(story, TIMELINE, "agent")
    assert "/shown" not in page(story, TIMELINE, "auditor")


# Who is calling


@pytest.mark.parametrize("q", ["+32 2 000 01 01", "0032 2 0000101", JAN_WRITES])
def test_a10_a_number_or_an_address_leads_to_the_card_with_the_caller(
    story: Served, q: str
) -> None:
    answer = seen(story, "/", q=q)

    assert answer.status_code == 303
    html = page(story, answer.headers["location"])
    assert lines(html)["who"] == "Jan Peeters · VP Engineering · VIP · Acme Broadcast"


@pytest.mark.parametrize("asked", [{"email": "a\x00@b.c"}, {"phone": "+1" * 200}])
def test_what_is_no_number_and_no_address_is_refused(story: Served, asked: dict[str, str]) -> None:
    assert seen(story, TIMELINE, **asked).status_code == 422


def test_a10_of_an_unknown_number_nobody_is_made_up(story: Served) -> None:
    assert "not known who" in page(story, "/", q="+49 30 1234567")


def test_a10_who_writes_from_a_known_domain_is_the_company_at_most(story: Served) -> None:
    answer = seen(story, "/", q="new@acme-broadcast.example")

    html = page(story, answer.headers["location"])
    assert lines(html)["who"].endswith("by domain: the person is not known")


def test_of_a_number_that_several_share_the_companies_are_listed(served: Served) -> None:
    served.publish(
        served.event("company.registered", "company/acme-radio", name="Acme Radio"),
        served.event("contact.registered", "contact/rae", name="Rae", phones=["+3220000101"]),
        served.event("company.contact_affiliated", "company/acme-radio", contact_id="rae",
                     role="admin"),
    )  # fmt: skip

    html = page(served, "/", q="+32 2 000 01 01")

    assert 'href="/companies/acme-radio?phone=%2B32+2+000+01+01"' in html
    assert f'href="/companies/{ACME}?phone=' in html


def test_a28_a_part_of_a_name_leads_to_the_card_and_an_ambiguous_one_to_a_choice(
    served: Served,
) -> None:
    assert seen(served, "/", q="acme bro").headers["location"] == TIMELINE
    served.publish(served.event("company.registered", "company/acme-radio", name="Acme Radio"))

    html = page(served, "/", q="acme")

    assert 'href="/companies/acme-radio"' in html
    assert f'href="{TIMELINE}"' in html


def test_a_customer_asks_nobodys_number(story: Served) -> None:
    html = page(story, "/", "customer", q="+32 2 000 01 01")

    assert "No company matches" in html
