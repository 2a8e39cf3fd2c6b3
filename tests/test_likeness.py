"""How alike texts are, and what speaks for a duplicate: the policy, by itself."""

from typing import Any

import pytest

from projections.duplicates import DAY, TEXT, WEIGHTS, Account, judge
from projections.likeness import MOST, alike, codes, forms, stems
from projections.words import cut


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Frames dropped", "dropping frames"),
        ("The exports are failing", "export fails"),
        ("Lizenz abgelaufen, bitte", "Die Lizenzen sind abgelaufen"),
        ("Écran noir", "ecran NOIR"),
        ("映像が止まる", "映像が止まる"),
    ],
)
def test_what_is_said_in_other_forms_is_the_same(one: str, other: str) -> None:
    assert alike(stems(one), stems(other)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Frames dropped", "Licence expired"),
        ("Please help, thanks and best regards", "Please help, thanks and best regards"),
        ("", "Frames dropped"),
        ("Playout and archive and studio", "Playout of tally lamps"),
    ],
)
def test_what_shares_nothing_or_one_word_is_not_alike(one: str, other: str) -> None:
    assert alike(stems(one), stems(other)) == 0


def test_a_short_subject_is_less_like_a_long_mail_than_like_another_subject() -> None:
    subject, mail = "Frames dropped", "Frames dropped on the playout since the update of Monday"

    assert 0 < alike(stems(subject), stems(mail)) < alike(stems(subject), stems("drops frames"))


def test_each_form_of_a_word_that_is_looked_for_has_its_stem() -> None:
    for word in ("frame", "dropped", "licence", "update", "sync"):
        (stem,) = stems(word)
        assert word in forms(stem)
        assert all(stems(form) in ([stem], []) or form.startswith(stem) for form in forms(stem))


def test_no_text_is_looked_at_without_end() -> None:
    assert len(stems(" ".join(f"word{'x' * n}" for n in range(1, 60)) * 50)) <= MOST


def test_error_codes_are_found_however_they_are_written() -> None:
    said = "ERR-42 and err 42, Error code: 504, 0x80070005, ORA-00600, java.io.IOException"

    assert set(codes(said)) == {
        "err42", "error504", "0x80070005", "ora00600", "javaioioexception", "error42",
    }  # fmt: skip


def test_what_only_looks_like_a_code_is_none() -> None:
    assert codes("MX-200 on line 3 at 2026-11-20, 14:02, version 7.2, +32 2 000", ["MX-200"]) == {}


def account(ticket: str = "T-1", **known: Any) -> Account:
    said = {"began": (DAY, 1), "subject": "Frames dropped", "requester": "jan", **known}
    return Account(ticket, **said)


def test_the_score_is_the_sum_of_what_its_signals_weigh() -> None:
    here: dict[str, Any] = {
        "installations": frozenset({"antwerp-1"}),
        "signature": "playout/frame-drop",
    }

    found = judge(account("T-2", requester="ana", **here), account(**here))

    assert found is not None
    assert dict(found.signals) == {
        "similar_text": TEXT,
        **{
            name: WEIGHTS[name]
            for name in (
                "same_installation", "same_signature", "opened_within_a_day", "other_reporter",
            )
        },
    }  # fmt: skip
    assert found.score == min(100, sum(signal.weight for signal in found.signals))
    assert found.shared == ("fram", "drop")


def test_a_place_that_is_shared_is_no_suspicion_by_itself() -> None:
    here: dict[str, Any] = {
        "installations": frozenset({"antwerp-1"}), "product": "playout", "category": "video",
    }  # fmt: skip

    assert judge(account("T-2", subject="Licence expired", **here), account(**here)) is None


def test_words_count_as_they_are_cut() -> None:
    assert cut("ERR-42") == ["err", "42"]
