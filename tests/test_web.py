"""The pages as HTML: what they say, and to whom."""

import re
from typing import Any

import pytest

from tests.browsed import page, seen
from tests.served import ACME, LONG, MOVED, OTHER, Served, served, story

__all__ = ["served", "story"]

TIMELINE, REPLAY = f"/companies/{ACME}", f"/tickets/{LONG}"


def texts(html: str) -> list[str]:
    """List the lines of the entries, in their order on the page."""
    found = re.findall(r'<span class="text">(.*?)</span>', html, re.DOTALL)
    return [re.sub("<.*?>", "", text).strip() for text in found]


# Companies


def test_companies_are_listed_last_heard_of_first_and_found(story: Served) -> None:
    whole = page(story, "/")
    found = page(story, "/", q="peeters")
    nothing = page(story, "/", q="no such company")

    assert whole.index("Acme Broadcast") < whole.index("Nordlys TV") < whole.index("Kanaal Zeven")
    assert "by a person there" in found
    assert "Nordlys" not in found
    assert "No company matches" in nothing


def test_how_fresh_a_page_is_reads_as_a_status_apart_from_the_links(story: Served) -> None:
    html = page(story, "/")

    bar = html[html.index('<header class="bar">') : html.index("</header>")]
    status = '<span class="fresh" role="status">Up to date</span>'
    assert bar.index("</nav>") < bar.index("</form>") < bar.index(status)


def test_of_many_companies_the_first_fifty_are_shown_with_a_hint(served: Served) -> None:
    served.publish(*(
        served.event("company.registered", f"company/c-{n}", name=f"Company {n}")
        for n in range(60)
    ))  # fmt: skip

    html = page(served, "/")

    assert html.count('<a href="/companies/') == 50
    assert "more than these 50" in html


# The timeline


def test_the_timeline_is_newest_first_under_its_days(story: Served) -> None:
    html = page(story, TIMELINE)

    days = re.findall("<h3>(.*?)</h3>", html)
    assert texts(html)[0].startswith("Jan Peeters wrote: &#34;Good. Bring speculoos.")
    assert days[:2] == ["Thu 19 Nov 2026", "Wed 18 Nov 2026"]
    assert html.count("times are UTC") == 1
    assert '<time datetime="2026-11-19T08:40:00.000000Z"' in html


def test_the_sample_says_what_it_is(story: Served) -> None:
    assert "are invented" in page(story, TIMELINE)
    assert "CC BY" not in page(story, TIMELINE)


def test_what_is_not_for_the_customer_says_so_in_words(story: Served) -> None:
    html = page(story, TIMELINE)

    assert '<span class="mark internal">Internal</span>' in html
    assert '<span class="mark restricted">Restricted</span>' in html
    assert '<span class="mark late"' in page(story, TIMELINE, search="caught me between")


def test_a_restricted_entry_is_there_for_an_agent_without_its_text(story: Served) -> None:
    html = page(story, TIMELINE, "agent", visibility="restricted")

    assert texts(html) == ["Restricted: not for this key to read"] * 2
    assert "480,000 a year" not in html
    assert "480,000 a year" in page(story, TIMELINE, visibility="restricted")


def test_the_pager_goes_through_everything_and_back_within_the_filter(story: Served) -> None:
    address, pages = f"{TIMELINE}?ticket={LONG}&order=asc", []
    while address:
        pages.append(page(story, address))
        address = link(pages[-1], "next")

    back = page(story, link(pages[-1], "prev"))

    entries = story.read(f"/v1/companies/{ACME}/timeline", ticket=LONG, limit=200)["entries"]
    assert len([text for html in pages for text in texts(html)]) == len(entries)
    assert texts(back) == texts(pages[-2])
    assert f"ticket={LONG}" in link(pages[0], "next")


def link(html: str, rel: str) -> str:
    found = re.search(f'href="([^"]*)" rel="{rel}"', html)
    return found[1].replace("&amp;", "&") if found else ""


def test_filters_in_force_are_named_and_each_can_be_taken_out(story: Served) -> None:
    html = page(story, TIMELINE, type="messages", ticket=LONG)

    chips = re.findall(r'class="chip" href="([^"]*)"', html)
    assert "What: Messages, notes, talks" in html
    assert chips == [f"{TIMELINE}?ticket={LONG}", f"{TIMELINE}?type=messages"]
    assert "Filters (2 in force)" in html


def test_an_untidy_form_is_answered_with_the_short_address(story: Served) -> None:
    answer = seen(story, f"{TIMELINE}?search=&type=messages&ticket=&order=")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{TIMELINE}?type=messages"


def test_a_page_as_of_a_day_says_so_above_everything(story: Served) -> None:
    html = page(story, TIMELINE, as_of="2026-08-31", known_at="120")

    assert "happened by 2026-08-31" in html
    assert "recorded by 120" in html
    assert f'href="{TIMELINE}">Return to now' in html
    assert "Open tickets now" in html
    assert re.findall("<h3>(.*?)</h3>", html)[0] == "Mon 17 Aug 2026"


def test_a_filter_without_hits_can_be_cleared(story: Served) -> None:
    html = page(story, TIMELINE, search="nothing of the kind")

    assert "No entries match" in html
    assert "1 in force" in html


@pytest.mark.parametrize(
    "asked", [{"from": "yesterday"}, {"known_at": "soon"}, {"severity": "9"}, {"after": "x"}]
)
def test_a_filter_that_makes_no_sense_is_not_passed_over(
    story: Served, asked: dict[str, str]
) -> None:
    answer = seen(story, TIMELINE, **asked)

    assert answer.status_code == 422
    assert "cannot be understood" in answer.text


def test_what_somebody_wrote_is_never_markup(served: Served) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    served.publish(
        served.event("ticket.opened", "ticket/E-1", company=ACME, subject=evil, description=evil),
        served.event("company.registered", "company/evil", name=evil),
        served.event("company.registered", "company/worse", name=evil),
    )

    for path in (TIMELINE, "/tickets/E-1", "/", "/companies/evil", f"/?q={evil}"):
        html = page(served, path)
        assert "<script" not in html
        assert "<img" not in html
        assert "&lt;script" in html


def test_customers_see_their_own_story_without_what_we_keep(story: Served) -> None:
    html = page(story, TIMELINE, "customer")

    assert "Bring speculoos" in html
    for kept in ("Internal", "Restricted", "People (", "as of event", "Enterprise", "position"):
        assert kept not in html.replace("time or position", "").replace("to a position", "")


# Replay


def test_a_ticket_opens_at_its_last_step(story: Served) -> None:
    html = page(story, REPLAY)

    assert "Step 106" in html
    assert "of 106" in html
    assert "Return to now" not in html
    assert 'aria-disabled="true">Last' in html


def test_a_step_shows_what_was_so_then_and_what_it_changed(story: Served) -> None:
    html = page(story, REPLAY, step=12)

    assert "As it was on" in html
    assert "Severity: 2 → 1." in html
    assert re.search(r'<dt>Severity</dt><dd class="changed">1\s*<span class="was">was 2', html)
    assert texts(html)[0].startswith("Jan Peeters wrote")
    assert f'href="{REPLAY}?step=11"' in html
    assert f'href="{REPLAY}?step=13"' in html
    assert f'href="{REPLAY}?step=106"' in html


def test_a_step_is_found_by_its_event(story: Served) -> None:
    (step,) = story.read(f"/v1/tickets/{LONG}/replay", step=40)["steps"]

    html = page(story, REPLAY, event=step["event"]["event_id"])

    assert "Step 40" in html


@pytest.mark.parametrize(
    "asked", [{"step": 107}, {"event": "00000000-0000-7000-8000-000000000000"}]
)
def test_a_step_that_is_not_there_is_not_made_up(story: Served, asked: dict[str, Any]) -> None:
    assert seen(story, REPLAY, **asked).status_code == 404


def test_a_moved_ticket_is_explained_but_not_before_it_moved(story: Served) -> None:
    now, before = page(story, f"/tickets/{MOVED}"), page(story, f"/tickets/{MOVED}", step=3)

    assert "went on as TCK-1121~2" in now
    assert f'href="/companies/{OTHER}' in now
    assert f'href="/companies/{ACME}' in now
    assert "moved between companies" not in before


def test_one_who_may_read_half_of_a_moved_ticket_is_told_so(story: Served) -> None:
    html = page(story, f"/tickets/{MOVED}", "acme-agent")

    assert "a company this key may not read" in html
    assert "speculoos" not in html
    assert "groeten aan Tom" not in html


def test_a_merged_ticket_points_to_the_one_it_went_into_and_back(story: Served) -> None:
    absorbed, kept = page(story, "/tickets/TCK-1187"), page(story, REPLAY)

    assert f'merged into <a href="{REPLAY}">' in absorbed
    assert '<a href="/tickets/TCK-1187">' in kept
    assert "moved between companies" not in kept


def test_a_long_ticket_has_a_short_page(served: Served) -> None:
    served.publish(served.event("ticket.opened", "ticket/N-1", company=ACME, subject="Long"))
    for start in range(0, 3_000, 1_000):
        served.publish(*(
            served.event("ticket.customer_message_received", "ticket/N-1", visibility="public",
                         body=f"message {start + n}", time=f"2026-11-20T10:{n % 60:02}:00Z")
            for n in range(1_000)
        ))  # fmt: skip

    html = page(served, "/tickets/N-1")

    assert "of 3,001" in html
    assert len(texts(html)) == 59
    assert "Earlier steps (2,941)" in html
    assert len(html) < 150_000


def test_a_tickets_page_says_whose_turn_it_is_and_who_worked_on_it(story: Served) -> None:
    page = story.get(f"/tickets/{LONG}", "agent").text

    assert "To hand over" in page
    assert "1 message of the customer waits for an answer" in page
    assert "To hand over" not in story.get(f"/tickets/{LONG}", "customer").text
