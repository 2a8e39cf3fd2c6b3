"""Every event, by the stream it stands in."""

from domain.events.base import TYPES, Event, model_of, upcast
from domain.events.company import AnyFactEvent
from domain.events.contact import AnyContactEvent
from domain.events.envelope import Logged, Recorded, Source, decode, glimpse
from domain.events.interaction import AnyInteractionEvent
from domain.events.product import AnyProductEvent
from domain.events.reads import AnyReadsEvent
from domain.events.survey import AnySurveyEvent

from domain.events.assets import AnyAssetEvent  # isort: skip
from domain.events.account import AnyAccountEvent  # isort: skip
from domain.events.ticket import AnyCourseEvent  # isort: skip
from domain.events.duties import AnyDutyEvent  # isort: skip
from domain.events.ties import AnyTieEvent  # isort: skip

AnyCompanyEvent = AnyFactEvent | AnyAssetEvent | AnyAccountEvent
AnyTicketEvent = AnyCourseEvent | AnyDutyEvent | AnyTieEvent

__all__ = [
    "TYPES",
    "AnyCompanyEvent",
    "AnyContactEvent",
    "AnyInteractionEvent",
    "AnyProductEvent",
    "AnyReadsEvent",
    "AnySurveyEvent",
    "AnyTicketEvent",
    "Event",
    "Logged",
    "Recorded",
    "Source",
    "decode",
    "glimpse",
    "model_of",
    "upcast",
]
