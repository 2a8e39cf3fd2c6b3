"""The marks of the inbox: they move only from where they were found."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.inbox.mark import InboxMark, Mark

HERE, THERE, FAR = (Mark("one", offset, 0) for offset in (0, 10, 20))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture
def mark(store: str) -> Iterator[InboxMark]:
    with closing(InboxMark(store, "inbox")) as mark:
        yield mark


def test_nothing_stands_anywhere_at_first(mark: InboxMark) -> None:
    assert mark.all() == {}
    assert not mark.is_at(0, HERE)


def test_each_partition_has_a_mark_of_its_own(store: str, mark: InboxMark) -> None:
    assert mark.move(0, None, HERE)
    assert mark.move(1, None, FAR)
    assert mark.move(0, HERE, THERE)

    with closing(InboxMark(store, "inbox")) as again, closing(InboxMark(store, "other")) as other:
        assert again.all() == {0: THERE, 1: FAR}
        assert again.is_at(0, THERE)
        assert other.all() == {}


def test_who_did_not_see_a_mark_move_cannot_move_it(store: str, mark: InboxMark) -> None:
    with closing(InboxMark(store, "inbox")) as late:
        assert mark.move(0, None, HERE)
        assert not late.move(0, None, HERE)
        assert mark.move(0, HERE, FAR)

        assert not late.move(0, HERE, THERE)
        assert not late.is_at(0, HERE)

    assert mark.all() == {0: FAR}


def test_a_mark_of_another_incarnation_is_another_mark(mark: InboxMark) -> None:
    mark.move(0, None, THERE)
    anew = Mark("two", 0, 5)

    assert not mark.move(0, anew, FAR)
    assert mark.move(0, THERE, anew)
    assert not mark.move(0, THERE, FAR)
    assert mark.all() == {0: anew}
