"""Asked again: what a customer is asked for although it is on file."""

import pytest

from domain.events.duties import FactRequested
from services.asking import Moment
from services.reading import NotFound
from services.security import Denied
from tests import witnesses
from tests.reports import ACME, JAN, TICKET, at, learned, opened, requested
from tests.witnesses import Told

told = witnesses.told


def test_a09_asking_for_what_is_on_file_is_known_cited_and_counted(told: Told) -> None:
    told.tell(opened(at=at("08:00")))
    first, fact, second = told.tell(
        requested(at=at("09:00"), fact_key="os_version"),
        learned(at=at("09:30"), fact_key="os_version", value="Debian 12"),
        requested(at=at("10:00"), fact_key="os_version"),
    )

    found = told.by().questions(ACME)

    assert [(q["position"], q["already_known"]) for q in found["questions"]] == [
        (first, False), (second, True),
    ]  # fmt: skip
    assert found["questions"][1]["known"] == {
        "event_id": str(told.event_at(fact)), "position": fact, "learned_from": "crm",
        "value": "Debian 12", "redacted": False,
    }  # fmt: skip
    assert (found["asked"], found["asked_again"], found["rate"]) == (2, 1, 0.5)
    (asked,) = told.by().ticket(TICKET)["facts_asked"]
    assert [one["already_known"] for one in asked["askings"]] == [False, True]


def test_a09_before_it_is_asked_one_is_told_that_it_is_on_file(told: Told) -> None:
    told.tell(opened(at=at("08:00")))
    assert told.by().on_file(TICKET, "os_version")["already_known"] is False
    (fact,) = told.tell(learned(at=at("09:30"), fact_key="os_version"))

    known = told.by().on_file(TICKET, "os_version")

    assert (known["already_known"], known["known"]["position"]) == (True, fact)
    with pytest.raises(NotFound):
        told.by().on_file("NO-SUCH", "os_version")
    with pytest.raises(Denied):
        told.customer().on_file(TICKET, "os_version")


def test_a_fact_that_came_to_file_afterwards_does_not_count_whatever_the_clock(
    told: Told,
) -> None:
    told.tell(opened(at=at("08:00")), requested(at=at("09:00"), fact_key="os_version"))
    told.tell(learned(at=at("08:30"), fact_key="os_version"))  # happened before, recorded after
    told.tell(requested(at=at("08:10"), fact_key="os_version"))  # recorded after, asked before

    questions = told.by().questions(ACME)["questions"]

    assert [question["already_known"] for question in questions] == [False, False]


def test_a_rate_as_of_a_moment_is_that_of_then(told: Told) -> None:
    told.tell(opened(at=at("08:00")), learned(at=at("08:10"), fact_key="os_version"))
    (first,) = told.tell(requested(at=at("09:00"), fact_key="os_version"))
    told.tell(requested(at=at("10:00"), fact_key="log_files"))

    def rate(moment: Moment) -> float | None:
        found: float | None = told.by().questions(ACME, moment)["rate"]
        return found

    assert rate(Moment()) == 0.5
    assert rate(Moment(at("09:30"))) == rate(Moment(known_at=first)) == 1.0
    assert rate(Moment(at("08:30"))) is None


def test_a_fact_about_another_person_or_installation_answers_nothing(told: Told) -> None:
    told.tell(
        opened(at=at("08:00"), installation_ids=("antwerp-1",)),
        learned(at=at("08:10"), fact_key="badge", about="contact", contact_id="ana-lopes"),
        learned(at=at("08:11"), fact_key="desk", about="contact", contact_id=JAN),
        learned(at=at("08:12"), fact_key="node", about="installation", installation_id="ghent-1"),
        learned(at=at("08:13"), fact_key="rack", about="installation",
                installation_id="antwerp-1"),
    )  # fmt: skip

    def known(key: str) -> bool:
        return bool(told.by().on_file(TICKET, key)["already_known"])

    assert [known(key) for key in ("badge", "desk", "node", "rack")] == [False, True, False, True]
    assert told.by().on_file(TICKET, "badge", "ana-lopes")["already_known"] is True


def test_a_restricted_fact_is_on_file_and_its_value_is_not_told(told: Told) -> None:
    told.tell(opened(at=at("08:00")))
    told.tell(learned(at=at("09:00"), fact_key="rival", value="zwaluw", visibility="restricted"))

    agents, auditors = (
        who.on_file(TICKET, "rival") for who in (told.by(), told.by("ada", "auditor"))
    )

    assert (agents["already_known"], agents["known"]["redacted"]) == (True, True)
    assert "zwaluw" not in str(agents)
    assert auditors["known"]["value"] == "zwaluw"


def test_a_question_that_one_may_not_read_is_listed_and_counts_for_nothing(told: Told) -> None:
    told.tell(opened(at=at("08:00")), learned(at=at("08:30"), fact_key="os_version"))
    told.tell(requested(at=at("09:00"), fact_key="os_version", visibility="restricted"))

    found = told.by().questions(ACME)

    assert [(q["fact_key"], q["already_known"]) for q in found["questions"]] == [(None, None)]
    assert found["rate"] is None
    assert told.by("ada", "auditor").questions(ACME)["rate"] == 1.0


def test_a_recorded_question_reminds_of_what_was_on_file_when_it_was_asked(told: Told) -> None:
    told.tell(opened(at=at("08:00")), learned(at=at("08:30"), fact_key="os_version"))
    (asked,) = told.tell(requested(at=at("09:00"), fact_key="os_version"))
    event = FactRequested(fact_key="os_version")

    reminder = told.by().reminded(f"ticket/{TICKET}", event, at("09:00"), asked)

    assert reminder["already_known"] is True
    with pytest.raises(Denied):
        told.by("bus", "publisher").reminded(f"ticket/{TICKET}", event, at("09:00"), asked)
