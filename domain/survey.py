"""Survey: an opinion asked, and given as often as the person likes.

sent → answered, answered again
"""

from collections.abc import Iterator

from domain.aggregate import Aggregate
from domain.errors import AlreadyMade, UnknownSurvey
from domain.events import AnySurveyEvent, Recorded
from domain.events.survey import SurveyAnswered, SurveySent


class Survey(Aggregate[AnySurveyEvent]):
    """One question to one person about one touchpoint."""

    def decide(self, reported: Recorded[AnySurveyEvent]) -> Iterator[AnySurveyEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            AlreadyMade: If the survey is sent a second time.
            UnknownSurvey: If it is answered before it was sent.
            OtherCompany: If the answer names another company.
        """
        self.must_belong_to(reported)
        match reported.data:
            case SurveySent():
                if self.version:
                    raise AlreadyMade(f"{self.stream_id} is sent already")
            case SurveyAnswered():
                if not self.version:
                    raise UnknownSurvey(f"{self.stream_id} was never sent; report survey.sent")
        yield reported.data

    def evolve(self, happened: Recorded[AnySurveyEvent]) -> None:
        """Take over what happened: that it was sent is all the rules need."""
