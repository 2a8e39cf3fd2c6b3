"""What a key that is bound to sources or companies may publish, and what its request adds."""

from dataclasses import asdict, replace
from typing import Any, Final

from domain.events.ticket import (
    TicketMovedAway,
)
from domain.values import UNASSIGNED
from services.deployment import Deployment
from services.history import TICKET, streams_of
from services.receipts import Receipt
from services.security import Identity, may_publish_about, may_publish_for
from services.wire import Report

UNNAMED: Final = "system/unnamed"


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
        touched = [company_id]
        if isinstance(report.event, TicketMovedAway):
            touched.append(self._resolved(report.event.to_company))
        may_publish_about(self._who, touched)
        return replace(report, company=company_id)

    def shown(self, receipt: Receipt) -> dict[str, Any]:
        """Say of a receipt what who sent the report may know.

        Whose it is only if they read, or if nobody knows: by an address in a report, a key
        that only publishes would learn whose address that is.
        """
        known = {name: value for name, value in asdict(receipt).items() if value is not None}
        if self._who.roles <= {"publisher"} and receipt.company_id != UNASSIGNED:
            known.pop("company_id", None)
        return known

    def _company_of(self, report: Report) -> str | None:
        """Say which company a report is about; ``None`` for contacts and products."""
        stream_id, log = report.stream_id, self._deployment.log
        kind, local_id = stream_id.split("/", 1)
        if kind == "company":
            return local_id
        if kind in ("contact", "product"):
            return None
        if kind == "ticket":
            stream_id = next(reversed(streams_of(log, stream_id.removeprefix(TICKET))), stream_id)
        begun = self._begun.get(report.stream_id) or log.company_of(stream_id)
        return begun or self._resolved(report.company)

    def _resolved(self, reference: str | None) -> str:
        found = self._deployment.desk.resolve("company", reference) if reference else None
        return found or UNASSIGNED
