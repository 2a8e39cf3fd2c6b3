"""Cursors: what was written is read back, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CursorRefused
from projections.cursor import DIGEST, LENGTH, Cursor, Cursors

KEY = b"the key that signs cursors"
ASKED = b"acme-all"
PLACE = Cursor(head=48_213, occurred_at=1_793_000_000_000_000, position=47_900, digest=ASKED)

positions = st.integers(0, 2**63 - 1)
times = st.integers(-(2**62), 2**62)
digests = st.binary(min_size=DIGEST, max_size=DIGEST)
CURSORS = Cursors(KEY)


@given(st.builds(Cursor, positions, times, positions, digests))
def test_a_cursor_is_read_back_as_it_was_written(cursor: Cursor) -> None:
    assert CURSORS.read(CURSORS.write(cursor), cursor.digest) == cursor


def test_a_cursor_is_short_and_needs_no_escaping_in_a_url() -> None:
    written = Cursors(KEY).write(PLACE)

    assert len(written) == LENGTH == 64
    assert written.replace("-", "").replace("_", "").isalnum()


def test_a_page_of_cursors_is_the_same_as_one_after_another() -> None:
    cursors = Cursors(KEY)

    together = cursors.write_all(9, ASKED, [5, 6, -7], [1, 2, 3])

    alone = [cursors.write(Cursor(9, *place, ASKED)) for place in [(5, 1), (6, 2), (-7, 3)]]
    assert [text.decode() for text in together] == alone
    assert cursors.write_all(9, ASKED, [], []) == ()


@given(st.integers(0, LENGTH - 1), st.sampled_from("ABab01-_"))
def test_a_cursor_with_one_other_letter_is_refused(place: int, letter: str) -> None:
    written = CURSORS.write(PLACE)
    changed = written[:place] + letter + written[place + 1 :]

    if changed != written:
        with pytest.raises(CursorRefused, match="changed"):
            CURSORS.read(changed, ASKED)


@given(st.text())
def test_any_text_is_a_cursor_or_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(CursorRefused, match="not a cursor"):
        CURSORS.read(text, ASKED)


@given(st.text("abcXYZ019-_", min_size=LENGTH, max_size=LENGTH))
def test_a_text_in_the_shape_of_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorRefused, match="changed"):
        CURSORS.read(text, ASKED)


def test_a_cursor_serves_only_the_filter_it_came_from() -> None:
    cursors = Cursors(KEY)

    with pytest.raises(CursorRefused, match="another company or filter"):
        cursors.read(cursors.write(PLACE), b"acme-sev")


def test_a_cursor_signed_with_another_key_is_refused() -> None:
    with pytest.raises(CursorRefused, match="signed elsewhere"):
        Cursors(KEY).read(Cursors(b"another key").write(PLACE), ASKED)


def test_the_parts_of_two_cursors_make_no_third_one() -> None:
    here = CURSORS.write(PLACE)
    there = CURSORS.write(PLACE._replace(head=50_000, position=48_500, digest=b"acme-new"))

    for cut in range(1, LENGTH):
        with pytest.raises(CursorRefused, match="changed"):
            CURSORS.read(here[:cut] + there[cut:], ASKED)


def test_a_cursor_does_not_show_the_position() -> None:
    near = PLACE._replace(position=PLACE.position + 1)

    here, there = CURSORS.write(PLACE), CURSORS.write(near)

    assert sum(a == b for a, b in zip(here, there, strict=True)) < LENGTH // 2
