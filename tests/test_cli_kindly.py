"""What people type a little otherwise is understood; what is printed says where and how much."""

import re
from pathlib import Path

import pytest

from tests import cli_words
from tests.cli_words import Longcase, cloud

longcase, acme = cli_words.longcase, cli_words.acme


@pytest.mark.parametrize("typed", ["timeline {}", "tickets {}", "export {} out", "replay {}"])
def test_a_company_may_be_typed_with_its_kind(acme: Longcase, typed: str) -> None:
    assert acme(*typed.format("company/acme").split()).code == 0


def test_a_ticket_may_be_typed_with_its_kind(acme: Longcase) -> None:
    plain = acme("diff", "TCK-1", "2026-01-01", "2026-12-01").out

    assert acme("diff", "ticket/TCK-1", "2026-01-01", "2026-12-01").out == plain


def test_a_key_for_a_company_that_is_not_known_is_made_and_doubted(acme: Longcase) -> None:
    known = acme("keys", "create", "--role", "agent", "--company", "company/acme", "mia")
    unknown = acme("keys", "create", "--role", "agent", "--company", "acne", "mia")

    assert known.err == "keep it safe: it is not shown again\n"
    assert "no company acne is registered yet" in unknown.err
    assert [key["companies"] for key in acme("keys", "list", "--json").json] == [["acme"], ["acne"]]


def test_whose_a_report_became_is_told_and_what_nobody_knows_can_be_found(
    acme: Longcase,
) -> None:
    assert acme("companies").err == ""

    known = acme("report", "ticket.opened", "TCK-2", "subject=x", "--company", "acme")
    stranger = acme(
        "report", "ticket.opened", "TCK-3", "subject=x", "--company", "mail=a@b.example"
    )
    again = cloud("ticket.opened", "ticket/T4", "n1", "2026-03-05T12:00:00Z", subject="x")
    person = cloud("contact.registered", "contact/ada", "n2", "2026-03-05T12:00:00Z", name="Ada")
    told = acme("publish", stdin=again + person)

    assert known.out.endswith(", of acme\n")
    assert stranger.out.endswith(", of no known company: longcase tickets unassigned\n")
    assert told.out.splitlines() == [
        "line 1: accepted ticket/T4 at position 11"
        + stranger.out[stranger.out.index(",") :].rstrip(),
        "line 2: accepted contact/ada at position 12",
    ]
    assert acme("companies").err == "2 tickets of no known company: longcase tickets unassigned\n"
    assert "TCK-3" in acme("tickets", "unassigned").out


def test_a_state_is_shown_without_headings_of_nothing(acme: Longcase) -> None:
    shown = acme("replay", "acme", "--step", 1).out

    assert re.findall(r"^( *)\S.*:\n(?!\1 )", shown, re.MULTILINE) == []


@pytest.mark.parametrize("read", ["timeline acme", "replay TCK-1", "export acme out"])
def test_who_looks_leaves_no_projection_behind(acme: Longcase, read: str) -> None:
    before = acme("projections", "status", "--json").json

    acme(*read.split())

    after = acme("projections", "status", "--json").json
    assert {found["lag_events"] for found in after} == {0}
    assert after[0]["head_position"] > before[0]["head_position"]  # who looked is on record


def test_a_refused_row_is_told_with_its_ticket(longcase: Longcase, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("T,At,By\nT-1,2126-01-01 09:00,mia\n")
    (tmp_path / "map.toml").write_text(
        'name = "log"\nticket = { column = "T" }\nactor = { column = "By" }\n'
        'company = { value = "acme" }\n'
        'time = { column = "At", format = "%Y-%m-%d %H:%M", zone = "UTC" }\n'
    )

    looked = longcase(
        "import", tmp_path / "log.csv", "--mapping", tmp_path / "map.toml", "--dry-run"
    )
    told = longcase("import", tmp_path / "log.csv", "--mapping", tmp_path / "map.toml").err

    assert looked.code == 3
    assert "2 of them would be refused: they lie more than 5 minutes ahead of now" in looked.err
    assert "ticket/T-1: 2126-01-01T09:00:00+00:00 lies more than 5 minutes ahead" in told


@pytest.mark.parametrize("words", [("--mapping", ""), ("--mapping", "m", "--format")])
def test_a_mapping_or_a_format_is_needed_and_not_both(longcase: Longcase, words: list[str]) -> None:
    more = ["github-archive"] if words[-1] == "--format" else []

    answer = longcase("import", "log.csv", *words, *more)

    assert answer.code == 2
    assert re.search("say what the columns mean|leave one of them out", answer.error)


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:"])
@pytest.mark.parametrize("name", ["STORE", "READ_MODELS", "CONTROL"])
def test_a_database_that_no_command_would_find_again_is_refused(
    longcase: Longcase, url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"LONGCASE_{name}", url)

    answer = longcase("companies")

    assert (answer.code, answer.error) == (
        2,
        f"the setting LONGCASE_{name} is wrong: write sqlite:///path or postgresql://…",
    )
