"""What a key that is bound to sources or companies may publish, and what its request adds."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, Final

from domain.events.account import CompaniesMerged, CompanyMergeReverted, CompanyParentSet
from domain.events.duties import FactRequested
from domain.events.ticket import (
    TicketMovedAway,
    TicketsMerged,
)
from domain.values import UNASSIGNED
from services.api.problems import DATABASES
from services.asking import Asking
from services.deployment import Deployment
from services.history import TICKET, streams_of
from services.receipts import Receipt, Unavailable
from services.security import Denied, Identity, may_publish_about, may_publish_for
from services.wire import Report

UNNAMED: Final = "system/unnamed"

UNTOLD: Final[tuple[type[Exception], ...]] = (Denied, Unavailable, *DATABASES)
"""Why a receipt says nothing of what is on file."""


class Bounds:
    """Checks the reports of one request, in order, and completes them by who sends them.

    A report within bounds leaves with its company said: should the stream have come to another
    one meanwhile, the desk refuses it.
    """

    def __init__(self, deployment: Deployment, who: Identity, trace: str | None = None) -> None:
        """Say who sends the request.

        Args:
            trace: The traceparent of the request, for reports that have none of their own.
        """
        self._trace = trace
        self._deployment = deployment
        self._who = who
        self._begun: dict[str, str | None] = {}

    def within(self, report: Report) -> Report:
        """Let a report through.

        Raises:
            Denied: If the key is bound to other sources or companies.
        """
        may_publish_for(self._who, report.source.system)
        if report.actor == UNNAMED:
            report = replace(report, actor=f"system/{self._who.name}")
        if self._trace and not report.traceparent:
            report = replace(report, traceparent=self._trace)
        if self._who.companies is None:
            return report
        company_id = self._company_of(report)
        self._begun.setdefault(report.stream_id, company_id)
        may_publish_about(self._who, [company_id, *self._touched(report)])
        return replace(report, company=company_id)

    def _touched(self, report: Report) -> Iterator[str | None]:
        """Yield the other companies that an event says something of."""
        match report.event:
            case TicketMovedAway(to_company=target):
                yield self._resolved(target)
            case TicketsMerged(kept_id=kept):
                yield self._company_at(f"{TICKET}{kept}")
            case CompaniesMerged(kept_id=kept, absorbed_id=absorbed):
                yield from (kept, absorbed)
            case CompanyMergeReverted(merge_event_id=merge):
                yield from self._deployment.desk.merged_by(report.stream_id, str(merge))
            case CompanyParentSet(parent_company_id=parent):
                before = self._deployment.desk.parent_of(report.stream_id)
                yield from (one for one in (parent, before) if one)
            case _:
                pass

    def shown(self, receipt: Receipt, report: Report | None = None) -> dict[str, Any]:
        """Say of a receipt what who sent the report may know.

        Of a question to the customer they are told whether it was answered on file already.

        Whose it is only if they read, or if nobody knows: by an address in a report, a key
        that only publishes would learn whose address that is.
        """
        known = {name: value for name, value in asdict(receipt).items() if value is not None}
        if self._who.roles <= {"publisher"} and receipt.company_id != UNASSIGNED:
            known.pop("company_id", None)
        if report and isinstance(report.event, FactRequested) and receipt.position:
            known |= self._reminder(receipt.stream_id, report.event, report, receipt.position)
        return known

    def _reminder(
        self, stream_id: str, event: FactRequested, report: Report, position: int
    ) -> dict[str, Any]:
        """Say whether a question was answered on file; to fail at that is no reason to fail."""
        try:
            asking = Asking(self._deployment, self._who)
            return asking.reminded(stream_id, event, report.occurred_at, position)
        except UNTOLD:
            return {}

    def _company_of(self, report: Report) -> str | None:
        """Say which company a report is about; ``None`` for contacts and products."""
        stream_id = report.stream_id
        kind, local_id = stream_id.split("/", 1)
        if kind == "company":
            return local_id
        if kind in ("contact", "product"):
            return None
        begun = self._company_at(stream_id)
        return begun or self._resolved(report.company)

    def _company_at(self, stream_id: str) -> str | None:
        """Say whose a stream is: of a ticket, where it is now; ``None`` if nothing is in it."""
        log, last = self._deployment.log, stream_id
        if stream_id.startswith(TICKET):
            last = next(reversed(streams_of(log, stream_id.removeprefix(TICKET))), stream_id)
        return self._begun.get(stream_id) or log.company_of(last)

    def _resolved(self, reference: str | None) -> str:
        found = self._deployment.desk.resolve("company", reference) if reference else None
        return found or UNASSIGNED
