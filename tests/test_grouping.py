"""Requests that wait share a commit, in the order they came, and none answers for another."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from services.desk.grouping import Group
from services.desk.hearing import Heard
from services.receipts import Receipt, Unavailable
from tests.reports import wrote


class Commits:
    """A commit that waits at a gate, and remembers what came through it together."""

    def __init__(self) -> None:
        self.together: list[list[str]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.stumble: Callable[[list[str]], None] = lambda _: None

    def __call__(self, heard: Sequence[Heard], atomic: bool) -> list[Receipt]:
        self.entered.set()
        self.gate.wait()
        names = [name(one) for one in heard]
        self.together.append(names + ["atomic"] * atomic)
        self.stumble(names)
        return [Receipt("accepted", each) for each in names]


@pytest.fixture
def commits() -> Commits:
    return Commits()


def name(heard: Heard) -> str:
    return heard.key[1]


class Callers:
    """Threads that call one after the other, while a first one is inside."""

    def __init__(self, group: Group, commits: Commits) -> None:
        self._group = group
        self._threads: list[threading.Thread] = []
        self.answers: dict[str, list[str] | BaseException] = {}
        self.call("first")
        commits.entered.wait()

    def call(self, *names: str, atomic: bool = False) -> None:
        heard = [Heard(wrote(), ("crm", each)) for each in names]
        before = len(self._group._waiting)
        thread = threading.Thread(target=self._run, args=(names, heard, atomic))
        thread.start()
        self._threads.append(thread)
        while self._threads[1:] and len(self._group._waiting) == before:
            threading.Event().wait(0.001)

    def finish(self, commits: Commits) -> None:
        commits.gate.set()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _run(self, names: tuple[str, ...], heard: list[Heard], atomic: Any) -> None:
        try:
            receipts = self._group.call(heard, atomic=atomic)
            self.answers[names[0]] = [receipt.stream_id for receipt in receipts]
        except (RuntimeError, Unavailable, KeyboardInterrupt) as error:
            self.answers[names[0]] = error


def test_who_waits_meanwhile_goes_together_and_each_gets_its_own(commits: Commits) -> None:
    callers = Callers(Group(commits, 100), commits)
    callers.call("a", "b")
    callers.call("c")
    callers.call("d", "e")
    callers.finish(commits)

    assert commits.together == [["first"], ["a", "b", "c", "d", "e"]]
    assert callers.answers == {
        "first": ["first"], "a": ["a", "b"], "c": ["c"], "d": ["d", "e"],
    }  # fmt: skip


def test_no_commit_is_larger_than_it_may_be_and_none_overtakes(commits: Commits) -> None:
    callers = Callers(Group(commits, 3), commits)
    for names in (("a", "b"), ("c", "d"), ("e",), ("f", "g", "h"), ("i",)):
        callers.call(*names)
    callers.finish(commits)

    assert commits.together == [
        ["first"], ["a", "b"], ["c", "d", "e"], ["f", "g", "h"], ["i"],
    ]  # fmt: skip


def test_all_or_nothing_goes_alone_in_its_turn(commits: Commits) -> None:
    callers = Callers(Group(commits, 100), commits)
    callers.call("a")
    callers.call("b", "c", atomic=True)
    callers.call("d")
    callers.call("e")
    callers.finish(commits)

    assert commits.together == [["first"], ["a"], ["b", "c", "atomic"], ["d", "e"]]


def test_a_request_that_fails_is_taken_out_and_the_others_go_again(commits: Commits) -> None:
    def stumble(names: list[str]) -> None:
        if "b" in names:
            raise RuntimeError("b")

    commits.stumble = stumble
    callers = Callers(Group(commits, 100), commits)
    for each in "abc":
        callers.call(each)
    callers.finish(commits)

    assert commits.together == [["first"], ["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert callers.answers["a"] == ["a"]
    assert isinstance(callers.answers["b"], RuntimeError)
    assert callers.answers["c"] == ["c"]


def test_where_the_store_is_unavailable_all_are_told_at_once(commits: Commits) -> None:
    def stumble(names: list[str]) -> None:
        raise Unavailable("not now")

    commits.stumble = stumble
    callers = Callers(Group(commits, 100), commits)
    for each in "abc":
        callers.call(each)
    callers.finish(commits)

    assert commits.together == [["first"], ["a", "b", "c"]]
    assert all(isinstance(answer, Unavailable) for answer in callers.answers.values())


def test_an_interrupted_leader_leaves_nobody_waiting(commits: Commits) -> None:
    def stumble(names: list[str]) -> None:
        if "a" in names:
            raise KeyboardInterrupt

    commits.stumble = stumble
    group = Group(commits, 2)
    callers = Callers(group, commits)
    for each in "abc":
        callers.call(each)
    callers.finish(commits)

    assert isinstance(callers.answers["a"], KeyboardInterrupt)
    assert isinstance(callers.answers["b"], Unavailable)
    assert callers.answers["c"] == ["c"]


def test_a_request_of_nothing_is_answered_with_nothing(commits: Commits) -> None:
    commits.gate.set()

    assert Group(commits, 100).call([], atomic=False) == []


def test_many_callers_are_all_served(commits: Commits) -> None:
    commits.gate.set()
    group = Group(commits, 7)
    answers: list[list[Receipt]] = []

    def run(number: int) -> None:
        for turn in range(50):
            heard = [Heard(wrote(), ("crm", f"{number}-{turn}"))]
            answers.append(group.call(heard, atomic=turn % 9 == 0))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len({receipt.stream_id for (receipt,) in answers}) == 400
