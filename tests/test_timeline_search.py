"""Full-text search: the same words found on both databases, in place, within one's rights."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import QueryRefused
from projections import timeline_words
from projections.words import cut, for_sqlite, fts5_query, parse, ts_query
from tests.events import (
    agent_replied,
    company_registered,
    customer_wrote,
    noted,
    opened,
    purchased,
    resolved,
    step_taken,
    surveyed,
    talked,
)
from tests.events import answered as survey_answered
from tests.examples import JAN, MIA, TICKET
from tests.timelines import AGENT, CUSTOMER, Story, database_url, minute, story

__all__ = ["database_url", "story"]


def test_a18_one_search_finds_every_kind_in_place(story: Story) -> None:
    """A18: calls, meetings, mail, chats, surveys, purchases and tickets, with positions."""
    about = "The codec fails"
    story.tell(
        company_registered(),
        *(
            talked(f"touch-{n}", kind=kind, summary=about, occurred_at=minute(n))
            for n, kind in enumerate(("call", "meeting", "email", "chat"))
        ),
        surveyed(occurred_at=minute(5)),
        survey_answered(comment="Codec again!", occurred_at=minute(6)),
        purchased(contract_id="codec-2026", occurred_at=minute(7)),
        opened(subject="CODEC drops frames", occurred_at=minute(8)),
        resolved(root_cause="codéc leak", occurred_at=minute(9)),
        opened("B-1", company="borealis", subject="codec"),
    )

    entries = story.entries(search="codec")

    assert [entry["position"] for entry in entries] == [2, 3, 4, 5, 7, 8, 9, 10]
    assert {entry["channel"] for entry in entries[:4]} == {"call", "meeting", "email", "chat"}
    assert [entry["type"].split(".")[0] for entry in entries[4:]] == [
        "survey",
        "company",
        "ticket",
        "ticket",
    ]


QUERIES = {
    "codec": [1, 2, 6],
    "CODEC leak": [2],
    "leak codec": [2],
    '"codec leak"': [],
    '"leak in the codec"': [2],
    "“leak in the”": [2],
    "cod": [1, 2, 6],
    '"cod"': [],
    "cod leak": [],
    '"cod" leak': [],
    "perche": [3],
    "PERCHÉ": [3],
    "strasse": [4],
    "Straße": [4],
    "TCK-1182": [1],
    "tck 1182": [1],
    "1182-tck": [],
    "err_42": [5],
    "42": [5],
    "7.2.1": [2],
    "日本": [5],
    "本日": [],
    "mia@acme.tv": [6],
    "acme.tv mia": [6],
    "or": [6],
    "codec OR leak": [],
    "NOT": [2, 5],
    "codec*": [1, 2, 6],
    'body:"codec': [],
    "codec & !leak | x:*": [],
    "'; DROP TABLE entries": [],
    "NEAR(codec leak)": [],
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_the_same_entries_on_both_databases(story: Story, query: str) -> None:
    story.tell(
        opened(number="TCK-1182", subject="Codec on air", description=None, product_id=None),
        noted(note="A leak in the codec of 7.2.1"),
        customer_wrote(body="Perché cade? Perche\u0301!", channel=None),
        customer_wrote(body="Wir sitzen in der Straße", channel=None),
        noted(note="ERR_42: 日本語のログ"),
        customer_wrote(body="codecs, write to mia@acme.tv or ring", channel=None),
        opened("B-1", company="borealis", subject="Codec leak Perché Straße 42"),
    )

    assert story.positions(search=query) == QUERIES[query]


@pytest.mark.parametrize("few", [1, 1000])
def test_the_same_is_found_from_the_words_and_from_the_time(
    story: Story, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_words, "FEW", few)
    monkeypatch.setattr(timeline_words, "_MANY", {})
    story.tell(*(noted(note=f"The codec failed {n} times") for n in range(4)), opened("B-1"))

    assert story.positions(search="codec") == [1, 2, 3, 4]
    assert story.positions(search="codec failed 2") == [3]
    assert len(timeline_words._MANY) == (2 if few == 1 else 0)


def test_a_search_joins_with_every_filter_and_pages_by_cursor(story: Story) -> None:
    story.tell(
        opened(occurred_at=minute(0)),
        *(customer_wrote(body=f"drop {n}", occurred_at=minute(9 - n)) for n in range(6)),
        opened("TCK-9", subject="drops too", occurred_at=minute(10)),
    )

    first = story.page(search="drop", tickets=(TICKET,), limit=4)
    second = story.page(search="drop", tickets=(TICKET,), limit=4, after=first.next)

    assert story.positions(search="drop", order="desc") == [8, 2, 3, 4, 5, 6, 7, 1]
    assert len(first.entries) == 4
    assert len(second.entries) == 3
    assert second.next is None
    assert story.positions(search="drop", actors=(f"agent/{MIA}",)) == []
    assert story.positions(search="drop", contacts=(JAN,), known_at=3) == [1, 3, 2]


def test_a_hit_in_a_restricted_entry_is_for_those_who_may_read_it(story: Story) -> None:
    story.tell(noted(note="secret codec", visibility="restricted"), step_taken(what="codec"))

    assert story.positions(search="codec") == [1, 2]
    assert story.positions(AGENT, search="codec") == [2]
    assert story.positions(AGENT, search="restricted") == []


def test_a_customer_finds_public_entries_alone(story: Story) -> None:
    story.tell(noted(note="codec"), agent_replied(body="codec", visibility="public"))

    assert [entry["public_seq"] for entry in story.entries(CUSTOMER, search="codec")] == [1]


def test_long_texts_are_found_to_their_end(story: Story) -> None:
    words = " ".join(f"w{n}" for n in range(30_000))
    story.tell(customer_wrote(body=f"{words} zebra", channel=None))

    assert story.positions(search='"w29999"') == [1]
    assert story.positions(search="zeb") == [1]
    assert story.positions(search='"w9998 w9999"') == [1]


@pytest.mark.parametrize("query", ["", "  ", '""', "… — !", "*", '"'])
def test_a_search_without_a_word_is_refused(query: str) -> None:
    with pytest.raises(QueryRefused, match="at least one word"):
        parse(query)


def test_a_search_of_too_many_or_too_long_words_is_refused() -> None:
    with pytest.raises(QueryRefused, match="at most 32 words"):
        parse("a " * 33)
    with pytest.raises(QueryRefused, match="128 characters"):
        parse("x" * 129)


@given(st.text(max_size=60))
def test_no_operator_reaches_an_engine(query: str) -> None:
    try:
        terms = parse(query)
    except QueryRefused:
        return

    outside = "".join(fts5_query("acme", terms).split('"')[::2])
    assert set(outside.replace("AND", "")) <= set(" *")
    assert set("".join(ts_query("acme", terms).split("'")[::2])) <= set(" &<->()*:")
    for word in (word for term in terms for word in term.words):
        assert word.isalnum()


@given(st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=80))
def test_the_engine_cuts_plain_text_as_we_do(text: str) -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5(body, tokenize='ascii')")
    database.execute("CREATE VIRTUAL TABLE words USING fts5vocab(t, 'instance')")
    database.execute("INSERT INTO t VALUES (?)", [for_sqlite("acme", text)])

    mark = for_sqlite("acme", "x")[:-1]
    found = database.execute('SELECT term FROM words ORDER BY "offset"').fetchall()
    database.close()

    assert [term for (term,) in found] == [mark + word for word in cut(text)]
