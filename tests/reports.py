"""Reports as publishers make them, of the events in `tests.examples`.

Each function reports one event; names that are not of the report replace the event's fields:
``wrote("TCK-7", body="Help!", at=at("14:02"), external_id="mail-1")``.
"""

from datetime import datetime
from itertools import count
from typing import Any, Final

from domain.events import Event, Source
from domain.events import account as a
from domain.events import company as c
from domain.events import contact as p
from domain.events import duties as d
from domain.events import interaction as i
from domain.events import survey as s
from domain.events import ticket as t
from domain.events import ties as x
from services.receipts import Receipt
from services.wire import Report
from tests.examples import ACME, JAN, MONDAY, TICKET, at, example

__all__ = ["ACME", "JAN", "MONDAY", "TICKET", "at"]

_numbers = count(1)
OF_THE_REPORT: Final = (
    "actor", "company", "visibility", "correlation_id", "causation_id", "expected_version",
)  # fmt: skip


def report(event: Event, stream_id: str, **known: Any) -> Report:
    """Report *event*; each has an external id of its own unless one is given."""
    occurred_at: datetime = known.pop("at", MONDAY)
    source = Source(
        system=known.pop("system", "crm"),
        external_id=known.pop("external_id", None) or f"report-{next(_numbers)}",
        imported=known.pop("imported", False),
    )
    known = {"actor": "system/crm", "visibility": event.VISIBILITY or "public", **known}
    return Report(event, stream_id, occurred_at, source=source, **known)


def happened(model: type[Event], stream_id: str, **known: Any) -> Report:
    """Report the example of *model*, with other fields where they are named."""
    fields = {name: known.pop(name) for name in list(known) if name in model.model_fields}
    return report(example(model, **fields), stream_id, **known)


def registered(company: str = ACME, **known: Any) -> Report:
    known = {"name": company.title(), "domains": (), **known}
    return happened(c.CompanyRegistered, f"company/{company}", **known)


def affiliated(contact: str = JAN, company: str = ACME, **known: Any) -> Report:
    return happened(c.ContactAffiliated, f"company/{company}", **{"contact_id": contact, **known})


def left(contact: str = JAN, company: str = ACME, **known: Any) -> Report:
    known = {"contact_id": contact, **known}
    return happened(c.ContactAffiliationEnded, f"company/{company}", **known)


def introduced(contact: str = JAN, **known: Any) -> Report:
    known = {"name": contact.title(), "emails": (), "phones": (), **known}
    return happened(p.ContactRegistered, f"contact/{contact}", **known)


def linked(contact: str = JAN, **known: Any) -> Report:
    return happened(p.ContactIdentityLinked, f"contact/{contact}", **known)


def opened(ticket: str = TICKET, company: str | None = ACME, **known: Any) -> Report:
    return happened(t.TicketOpened, f"ticket/{ticket}", **{"company": company, **known})


def wrote(ticket: str = TICKET, **known: Any) -> Report:
    return happened(t.CustomerMessageReceived, f"ticket/{ticket}", **known)


def replied(ticket: str = TICKET, **known: Any) -> Report:
    return happened(t.AgentReplySent, f"ticket/{ticket}", **known)


def noted(ticket: str = TICKET, **known: Any) -> Report:
    known = {"visibility": "internal", **known}
    return happened(t.InternalNoteAdded, f"ticket/{ticket}", **known)


def classified(ticket: str = TICKET, **known: Any) -> Report:
    return happened(t.TicketClassified, f"ticket/{ticket}", **known)


def resolved(ticket: str = TICKET, **known: Any) -> Report:
    return happened(t.TicketResolved, f"ticket/{ticket}", **known)


def closed(ticket: str = TICKET, **known: Any) -> Report:
    return happened(t.TicketClosed, f"ticket/{ticket}", **known)


def promised(ticket: str = TICKET, **known: Any) -> Report:
    return happened(d.CommitmentMade, f"ticket/{ticket}", **known)


def kept(ticket: str = TICKET, **known: Any) -> Report:
    return happened(d.CommitmentKept, f"ticket/{ticket}", **known)


def withdrawn(ticket: str = TICKET, **known: Any) -> Report:
    return happened(d.CommitmentWithdrawn, f"ticket/{ticket}", **known)


def broken(ticket: str = TICKET, **known: Any) -> Report:
    return happened(d.CommitmentBroken, f"ticket/{ticket}", **known)


def stepped(ticket: str = TICKET, **known: Any) -> Report:
    return happened(d.StepRecorded, f"ticket/{ticket}", **known)


def assigned(ticket: str = TICKET, **known: Any) -> Report:
    return happened(t.TicketAssigned, f"ticket/{ticket}", **known)


def requested(ticket: str = TICKET, **known: Any) -> Report:
    return happened(d.FactRequested, f"ticket/{ticket}", **known)


def learned(company: str = ACME, **known: Any) -> Report:
    return happened(c.FactLearned, f"company/{company}", **known)


def installed(company: str = ACME, **known: Any) -> Report:
    return happened(c.ProductInstalled, f"company/{company}", **known)


def configured(company: str = ACME, **changed: Any) -> Report:
    known = {name: changed.pop(name) for name in ("at", "visibility", "actor") if name in changed}
    changes = tuple(c.ConfigurationChange(key=key, new=new) for key, new in changed.items())
    return happened(c.InstallationConfigured, f"company/{company}", changes=changes, **known)


def valued(company: str = ACME, **known: Any) -> Report:
    return happened(c.CompanyValueStated, f"company/{company}", **known)


def renewing(company: str = ACME, **known: Any) -> Report:
    return happened(c.RenewalScheduled, f"company/{company}", **known)


def escalated(company: str = ACME, **known: Any) -> Report:
    return happened(c.CompanyEscalationRaised, f"company/{company}", **known)


def calmed(company: str = ACME, **known: Any) -> Report:
    return happened(c.CompanyEscalationResolved, f"company/{company}", **known)


def moved(ticket: str = TICKET, to: str = "borealis", **known: Any) -> Report:
    known = {"to_company": to, "to_stream_id": None, **known}
    return happened(t.TicketMovedAway, f"ticket/{ticket}", **known)


def merged(ticket: str, kept: str, **known: Any) -> Report:
    return happened(t.TicketsMerged, f"ticket/{ticket}", **{"kept_id": kept, **known})


def reverted(ticket: str, merge: Receipt, **known: Any) -> Report:
    known = {"merge_event_id": merge.event_id, **known}
    return happened(t.TicketMergeReverted, f"ticket/{ticket}", **known)


def united(kept: str, absorbed: str, at_company: str | None = None, **known: Any) -> Report:
    known = {"kept_id": kept, "absorbed_id": absorbed, **known}
    return happened(a.CompaniesMerged, f"company/{at_company or absorbed}", **known)


def parted(company: str, merge: Receipt, **known: Any) -> Report:
    known = {"merge_event_id": merge.event_id, **known}
    return happened(a.CompanyMergeReverted, f"company/{company}", **known)


def adopted(company: str, parent: str | None, **known: Any) -> Report:
    known = {"parent_company_id": parent, "previous_parent_id": None, **known}
    return happened(a.CompanyParentSet, f"company/{company}", **known)


def same(contact: str, kept: str, **known: Any) -> Report:
    return happened(p.ContactsMerged, f"contact/{contact}", **{"kept_id": kept, **known})


def different(contact: str, merge: Receipt, **known: Any) -> Report:
    known = {"merge_event_id": merge.event_id, **known}
    return happened(p.ContactMergeReverted, f"contact/{contact}", **known)


def split(ticket: str, new: str, *moved: Receipt, **known: Any) -> Report:
    known = {"new_ticket_id": new, "moved_event_ids": tuple(m.event_id for m in moved), **known}
    return happened(x.TicketSplit, f"ticket/{ticket}", **known)


def talked(interaction: str = "call-1", **known: Any) -> Report:
    return happened(i.InteractionLogged, f"interaction/{interaction}", **known)


def surveyed(survey: str = "V-1", **known: Any) -> Report:
    return happened(s.SurveySent, f"survey/{survey}", **known)


def answered(survey: str = "V-1", **known: Any) -> Report:
    return happened(s.SurveyAnswered, f"survey/{survey}", **known)


def statuses(receipts: list[Receipt]) -> list[str]:
    """Say what became of each report: its status, or why it was refused."""
    return [receipt.code or receipt.status for receipt in receipts]
