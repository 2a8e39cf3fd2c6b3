"""Several companies as one: the fold of both is the folds of each, combined."""

from functools import partial

import orjson
from hypothesis import given, settings

from domain.events import Logged
from domain.events.account import CompaniesMerged, CompanySubsidiaryAdded
from domain.events.company import CompanyValueStated, LicencesChanged
from domain.events.interaction import Participant
from projections.dossier.fold import Folded, fold
from projections.dossier.tables import FOREVER
from projections.dossier.union import combine, members_of, merged_with, shown, union
from projections.splits import lived_among
from tests.dossiers import AUDITOR, told, within
from tests.events import ACME, JAN, MIA, MONDAY, logged, on_company, opened, talked

BOTH = (ACME, "borealis")
CALL = (Participant(user_id=MIA), Participant(contact_id=JAN))


def document(log: list[Logged], company: str = ACME) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(
        fold(within(log, FOREVER, FOREVER, company), AUDITOR).document
    )
    return found


def folded_at_once(log: list[Logged]) -> list[dict[str, object]]:
    """Fold the events of all companies in one pass, in the order they happened."""
    found: dict[str, Folded] = {}
    every = sorted(log, key=lambda each: each.happened)
    for each in every:
        folded = found.setdefault(each.event.company_id or "", Folded())
        fold([each], AUDITOR, folded, partial(lived_among, every))
    return [orjson.loads(folded.document) for folded in found.values()]


@settings(max_examples=80, deadline=None)
@given(log=told(BOTH))
def test_the_fold_of_both_is_the_folds_of_each_combined(log: list[Logged]) -> None:
    parts = [union([document(log, company)]) for company in BOTH]
    parts = [{name: each for name, each in part.items() if name} for part in parts]

    whole = union(folded_at_once(log))

    assert combine(*parts) == combine(*reversed(parts)) == whole
    assert shown(combine(*parts, *parts), MONDAY) == shown(whole, MONDAY)


def test_a35_a_parent_counts_each_child_once() -> None:
    log = logged(
        on_company(CompanySubsidiaryAdded, subsidiary_id="child"),
        on_company(LicencesChanged, seats_after=200),
        opened("T-1"),
        opened("T-2", company="child"),
        on_company(LicencesChanged, company="child", seats_after=30),
        on_company(CompanyValueStated, company="child"),
        talked("call-1", participants=CALL),
        talked("call-2", company="child", participants=CALL),
    )
    parent, child = document(log), document(log, "child")

    together = shown(combine(union([parent, child]), union([child])), MONDAY.replace(year=2027))

    assert members_of(parent) == {"child"}
    assert (together["tickets"], together["seats"]) == ({"new": 2}, {"playout-server": 230})
    assert sorted(together["open_tickets"]) == ["T-1", "T-2"]
    assert [bool(each["stated"]) for each in together["value"]] == [False, True]
    assert together["relations"][MIA][JAN]["touches"] == 2


def test_merged_records_are_each_others_members_and_the_kept_one_is_named() -> None:
    merge = {"kept_id": ACME, "absorbed_id": "acme-old"}
    log = logged(
        on_company(CompaniesMerged, **merge),
        on_company(CompaniesMerged, company="acme-old", **merge),
    )

    kept, absorbed = document(log), document(log, "acme-old")

    assert (members_of(kept), members_of(absorbed)) == ({"acme-old"}, {ACME})
    assert (merged_with(kept), merged_with(absorbed)) == (None, ACME)
