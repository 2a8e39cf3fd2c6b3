"""`longcase briefing`, and `longcase diff` of a company."""

import re

import pytest

from projections.changes import apply
from tests.cli_words import Longcase, acme, longcase

__all__ = ["acme", "longcase"]

NOT_KNOWN = "right to support not known · seats not known"


def test_the_card_of_a_company_is_eight_lines(acme: Longcase) -> None:
    answer = acme("briefing", "acme", "--as-of", "2026-03-03T08:30Z")

    assert answer.out.splitlines() == [
        "who           Acme Broadcast · gold · 1 person on file",
        "worth         ARR not known · renewal not known · " + NOT_KNOWN,
        "burning       TCK-1 Frames dropped · Sev 2 · open 1 d · with us for 1 d · owner mia",
        "promise       no promise on file",
        'last contact  2 Mar 09:00 UTC message, Jan de Vries: "Each night at two."',
        "distress      distress not known",
        "recurring     recurrence not known",
        "tried         nothing tried is on file",
    ]
    assert answer.err == "as it was on 3 Mar 08:30 UTC · as of event 8\n"


def test_a28_the_card_is_found_by_a_part_of_the_name_and_says_how_fresh_it_is(
    acme: Longcase,
) -> None:
    answer = acme("briefing", "acme bro")

    assert answer.out.startswith("who           Acme Broadcast")
    assert re.fullmatch(r"as of event \d+ · .* ago · up to date\n", answer.err)


def test_a28_of_several_companies_with_such_a_name_the_candidates_are_listed(
    acme: Longcase,
) -> None:
    acme("report", "company.registered", "company/acme-radio", "name=Acme Radio")

    answer = acme("briefing", "acm")

    assert answer.code == 3
    assert "acme (Acme Broadcast)" in answer.error
    assert "acme-radio (Acme Radio)" in answer.error


def test_a28_who_was_shown_the_card_is_on_record_with_its_digest(acme: Longcase) -> None:
    shown = acme("briefing", "acme", "--for", "ceo", "--json").json

    (told,) = acme("timeline", "acme", "--type", "company.executive_briefed", "--jsonl").jsonl
    kept = told["data"]
    assert told["text"] == f"ceo was shown the briefing as of position {shown['position']}"
    assert (kept["user_id"], kept["card_digest"]) == ("ceo", shown["digest"])
    again = acme("briefing", "acme", "--as-of", kept["as_of"], "--known-at",
                 kept["as_of_position"], "--json").json  # fmt: skip
    assert again["digest"] == shown["digest"]
    assert "on record: ceo was shown this card" in acme("briefing", "acme", "--for", "ceo").err


def test_the_card_is_found_by_who_is_calling(acme: Longcase) -> None:
    by_mail = acme("briefing", "--email", "jan@acme.example")
    by_domain = acme("briefing", "--email", "new@acme.example", "--json").json
    unknown = acme("briefing", "--phone", "+49 30 1234567")

    assert by_mail.out.startswith("who           Jan de Vries · admin · Acme Broadcast\n")
    assert by_domain["lines"][0]["text"].endswith("by domain: the person is not known")
    assert (unknown.code, unknown.error) == (
        3, "unknown: nobody on file has that number or address",
    )  # fmt: skip


def test_the_card_as_json_has_its_events_and_a_digest_that_comes_again(acme: Longcase) -> None:
    card = acme("briefing", "acme", "--json").json
    again = acme("briefing", "acme", "--as-of", card["as_of"], "--known-at", card["position"],
                 "--json").json  # fmt: skip

    assert {**again, "footer": None} == {**card, "footer": None}
    assert card["lines"][0]["events"]
    assert card["sections"]["resolved_tickets"][0]["root_cause"] == "codec"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name a COMPANY"),
        (("--phone", "1", "--email", "a@b"), 2, "give one"),
        (("nobody",), 3, "no company nobody is registered"),
        (("acme", "--as-of", "yesterday"), 2, "is not a time"),
        (("acme", "--for", "c e o"), 3, "is an id of ours"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    acme: Longcase, words: tuple[str, ...], code: int, said: str
) -> None:
    answer = acme("briefing", *words)

    assert (answer.code, said in answer.error) == (code, True)


def test_what_changed_in_a_company_is_told_and_can_be_applied(acme: Longcase) -> None:
    told = acme("diff", "acme", "2026-03-02", "2026-03-05")
    found = acme("diff", "company/acme", 4, 8, "--json").json

    assert told.out.splitlines() == [
        'Resolved: TCK-1, root cause "codec".', "Tickets in all: 0 → 1.",
    ]  # fmt: skip
    assert told.err.startswith("acme: from position ")
    assert found["positions"] == [4, 8]
    assert apply(found["changes"], found["before"]) == found["after"]
    assert acme("diff", "acme", 8, 8).out == "Nothing changed.\n"


def test_promises_are_listed_as_they_stood_on_either_clock(acme: Longcase) -> None:
    made = acme("report", "ticket.commitment_made", "ticket/TCK-1", "commitment_id=patch",
                "what=A patch", "--at", "2026-03-03T09:00Z")  # fmt: skip
    assert made.code == 0, made.err

    assert "A patch" in acme("promises", "acme").out
    assert "A patch" in acme("promises", "acme", "--as-of", "2026-03-03T09:00Z").out
    for before in (("--as-of", "2026-03-03T08:59Z"), ("--known-at", "1")):
        assert "nothing was promised to acme" in acme("promises", "acme", *before).err
