"""The rules of a survey: sent once, answered as often as the person likes."""

import pytest

from domain.errors import AlreadyMade, OtherCompany, UnknownSurvey
from domain.survey import Survey
from tests.deciding import decided
from tests.events import answered, surveyed

STREAM = "survey/V-1"


def test_a_survey_is_sent_once() -> None:
    assert decided(Survey(STREAM), surveyed()) == [surveyed().data]

    with pytest.raises(AlreadyMade):
        decided(Survey.replay(STREAM, [surveyed()]), surveyed())


def test_it_is_answered_after_it_was_sent_and_again() -> None:
    with pytest.raises(UnknownSurvey, match=r"survey\.sent"):
        decided(Survey(STREAM), answered())
    survey = Survey.replay(STREAM, [surveyed(), answered(score=2)])

    assert decided(survey, answered(score=5)) == [answered(score=5).data]


def test_another_company_does_not_answer_it() -> None:
    survey = Survey.replay(STREAM, [surveyed()])

    with pytest.raises(OtherCompany):
        decided(survey, answered(company="borealis"))
