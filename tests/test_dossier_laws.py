"""The laws of the dossier, for any events of any companies in any order of arrival."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import Logged
from domain.values import Reader, micros
from projections import dossier, splits
from projections.changes import apply, changes
from projections.database import Database
from projections.dossier import keeping, tables
from projections.dossier.fold import fold, read
from projections.dossier.tables import FOREVER, best_checkpoint
from tests.dossiers import (
    AGENT,
    AUDITOR,
    DATABASES,
    SETTLES,
    Kept,
    Settles,
    every_few,
    told,
    within,
)
from tests.events import ACME, MONDAY, Log, at, noted, opened

__all__ = ["every_few"]

LAWS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SIZES = st.lists(st.integers(1, 7), max_size=8)
READERS = [AUDITOR, AGENT]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/read.db"
    found = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield found
    found.close()


def followed(
    database: Database, log: list[Logged], sizes: list[int], settles: Settles = "in the end"
) -> Kept:
    """Fold a log, cut into pages of these sizes."""
    kept = Kept(database, Log(history=log))
    kept.fold(log, sizes, settles)
    return kept


@pytest.mark.usefixtures("every_few")
@LAWS
@given(log=told((ACME, "borealis")), sizes=SIZES, settles=SETTLES)
def test_the_live_dossier_is_the_fold_of_all_events_however_they_came(
    database: Database, log: list[Logged], sizes: list[int], settles: Settles
) -> None:
    kept = followed(database, log, sizes, settles)

    for company in {each.event.company_id or "" for each in log}:
        for reader in READERS:
            whole = fold(within(log, FOREVER, FOREVER, company), reader).document
            assert kept.live(company, reader) == whole


@pytest.mark.usefixtures("every_few")
@settings(LAWS, max_examples=25)
@given(log=told(), sizes=SIZES, settles=SETTLES, reader=st.sampled_from(READERS))
def test_a_dossier_as_of_any_instant_on_both_clocks_is_the_fold_of_what_lies_inside(
    database: Database, log: list[Logged], sizes: list[int], settles: Settles, reader: Reader
) -> None:
    kept = followed(database, log, sizes, settles)

    for minute, known_at in product((-1, 2, 5, 10), range(len(log) + 2)):
        as_of = micros(MONDAY) + minute * 60_000_000
        plain = fold(within(log, as_of, known_at), reader).document
        assert dossier.of(kept.view, reader, ACME, as_of, known_at) == plain
        assert dossier.until(kept.view, reader, ACME, as_of, known_at).document == plain


@pytest.mark.usefixtures("every_few")
@LAWS
@given(log=told(), sizes=SIZES)
def test_the_dossier_as_of_the_head_is_the_live_one_byte_for_byte(
    database: Database, log: list[Logged], sizes: list[int]
) -> None:
    kept = followed(database, log, sizes)

    for reader in READERS:
        then = dossier.until(kept.view, reader, ACME, FOREVER - 1, FOREVER - 1)
        assert then.document == kept.live(reader=reader)


@pytest.mark.usefixtures("every_few")
@LAWS
@given(log=told((ACME, "borealis")), one=SIZES, other=SIZES)
def test_the_tables_do_not_depend_on_how_the_log_was_cut_into_pages(
    database: Database, log: list[Logged], one: list[int], other: list[int]
) -> None:
    at_once = followed(database, log, one, "each time").rows()
    assert at_once == followed(database, log, other).rows()
    assert at_once["waiting"] == []


@pytest.mark.usefixtures("every_few")
@LAWS
@given(log=told(), sizes=SIZES)
def test_every_checkpoint_is_the_fold_of_what_it_says_it_holds(
    database: Database, log: list[Logged], sizes: list[int]
) -> None:
    kept = followed(database, log, sizes)

    rows = kept.view.all(
        "SELECT occurred_at, at_position, position, superseded_at, doc FROM {checkpoints}"
    )
    for moment, at_position, position, superseded_at, doc in rows:
        inside = [
            each for each in within(log, moment, position) if each.happened <= (moment, at_position)
        ]
        assert fold(inside, AUDITOR).document == bytes(doc)
        lacking = [
            each.position
            for each in log
            if each.happened < (moment, at_position) and each.position > position
        ]
        assert superseded_at == min(lacking, default=None)


@LAWS
@given(log=told(), cut=st.integers(0, 24), reader=st.sampled_from(READERS))
def test_a_prefix_and_then_the_rest_make_the_whole(
    log: list[Logged], cut: int, reader: Reader
) -> None:
    ordered = within(log, FOREVER, FOREVER)
    first = fold(ordered[:cut], reader)
    again = read(first.document)

    def lived(split: Logged) -> list[Logged]:
        return splits.lived_among(ordered, split)

    for stream, each in first.tickets.items():  # what is not in the document is recalled
        again.tickets.setdefault(stream, each)

    assert fold(ordered[cut:], reader, again, lived).document == fold(ordered, reader).document


@LAWS
@given(log=told(), chance=st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing_but_what_tells_of_it(
    log: list[Logged], chance: Random
) -> None:
    moments = [MONDAY + timedelta(minutes=n) for n in range(len(log))]  # no two at once
    events = [
        each.event.model_copy(update={"occurred_at": moment})
        for each, moment in zip(log, moments, strict=True)
    ]
    shuffled = chance.sample(events, len(events))

    one, other = (
        fold(within(Log().add(*told), FOREVER, FOREVER), AUDITOR).document
        for told in (events, shuffled)
    )

    assert without_positions(one) == without_positions(other)


def without_positions(document: bytes) -> dict[str, Any]:
    """Leave out what tells of the order of arrival: positions, and what was on file when."""
    found: dict[str, Any] = orjson.loads(document)
    found["company"]["asked"] = found["company"]["asked"]["requests"]
    for fact in found["company"]["facts"].values():
        del fact["position"], fact["first"]
    for stated in found["company"]["value"]:
        del stated["position"]
    return found


@LAWS
@given(log=told(), one=st.integers(0, 24), other=st.integers(0, 24))
def test_a_difference_applied_to_the_first_gives_the_second(
    log: list[Logged], one: int, other: int
) -> None:
    ordered = within(log, FOREVER, FOREVER)
    before, after = (orjson.loads(fold(ordered[:n], AUDITOR).document) for n in (one, other))

    assert apply(changes(before, after), before) == after


@pytest.mark.usefixtures("every_few")
def test_some_checkpoints_that_lack_a_late_event_are_kept_and_serve_who_asks_as_of_before(
    database: Database,
) -> None:
    kept = Kept(database)
    kept.tell(*(noted(occurred_at=at(f"10:{n:02}")) for n in range(8)))
    before = best_checkpoint(kept.view, ACME, FOREVER, 8)
    kept.tell(noted(occurred_at=at("10:05", day=1)))

    assert before is not None
    assert best_checkpoint(kept.view, ACME, FOREVER, 8) == before
    assert kept.view.all(
        "SELECT events, superseded_at FROM {checkpoints} ORDER BY born, occurred_at"
    ) == [(8, 9), (4, None), (8, None)]
    assert len(tables.positions(kept.view, ACME, before.place, FOREVER, 8)) == 0


@pytest.mark.usefixtures("every_few")
def test_a_page_with_late_events_folds_from_the_checkpoint_before_them_once(
    database: Database,
) -> None:
    kept = Kept(database)
    kept.tell(*(noted(occurred_at=at(f"10:{n:02}")) for n in range(9)))
    assert kept.past.looked_at == []

    kept.tell(noted(occurred_at=at("10:06")), noted(occurred_at=at("10:07")))

    assert kept.past.looked_at == [[5, 6, 7, 10, 8, 11, 9]]


@pytest.mark.usefixtures("every_few")
def test_a_history_that_comes_late_in_many_pages_is_folded_again_once(database: Database) -> None:
    kept = Kept(database)
    kept.tell(*(noted(occurred_at=at(f"10:{n:02}", day=3)) for n in range(3)))

    kept.tell(*(noted(occurred_at=at(f"10:{n:02}")) for n in range(5)), sizes=[1, 1, 1, 1])

    assert kept.past.looked_at == [[4, 5, 6, 7, 8, 1, 2, 3]]


@pytest.mark.usefixtures("every_few")
def test_what_waits_is_folded_where_a_stretch_of_the_log_ends(database: Database) -> None:
    kept = Kept(database)
    late = kept.log.add(*(noted(occurred_at=at("10:00", day=9 - n)) for n in range(8)))

    kept.fold([*late, *kept.log.add(noted(occurred_at=at("10:00", day=9)))], [1, 7], "never")

    assert kept.rows()["waiting"] == []
    assert kept.live() == fold(within(kept.log.history, FOREVER, FOREVER), AUDITOR).document


def test_a_late_event_without_the_log_is_an_error_and_not_a_wrong_row(database: Database) -> None:
    kept = Kept(database)
    blind = replace(kept.view, history=None)
    log = kept.log.add(opened(occurred_at=at("12:00")), noted(occurred_at=at("10:00")))
    keeping.apply(blind, log[:1])
    keeping.apply(blind, log[1:])

    with pytest.raises(RuntimeError, match="late event"):
        keeping.settle(blind)
