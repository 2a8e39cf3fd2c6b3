"""What the portfolio looks like, for ``/openapi.json``: beside `services.api.shapes`."""

from typing import Literal

from pydantic import Field

from domain.values import Moment
from services.api.shapes import Name, Shape


class Near(Shape):
    """Some of what is exposed."""

    arr: str
    companies: int


class ByRenewal(Shape):
    """What is exposed, by how near the next renewal is; one that has passed says nothing."""

    within_90_days: Near
    later: Near
    not_known: Near


class ExposedSum(Shape):
    """What is exposed in one currency."""

    currency: str
    arr: str
    companies: int
    renewal: ByRenewal


class NotKnown(Shape):
    """Exposed companies of which no ARR is known; they are in no sum."""

    companies: int
    company_ids: list[str] = Field(description="at most 1,000 of them")


class Exposed(Shape):
    """What is exposed, of all companies that the key may read."""

    companies: int
    sums: list[ExposedSum]
    not_known: NotKnown


class Value(Shape):
    """What one record was last said to be worth, of what holds on the day."""

    company_id: str
    arr: Name
    ltv: Name
    currency: str
    valid_from: str
    origin: str
    at: Moment
    event_id: str


class NextRenewal(Shape):
    """The next renewal, or the last one that was due."""

    contract_id: str
    renews_on: str
    amount: Name
    currency: Name
    event_id: str
    days: int = Field(description="from the day asked for; negative once it has passed")


class Reason(Shape):
    """What exposes a company's revenue, and the events that tell it."""

    rule: Literal["severe_ticket", "open_escalation"]
    company_id: str
    id: str
    ticket_id: Name
    severity: int | None
    since: Moment | None
    event_ids: list[str]


class PortfolioRow(Shape):
    """One company, with the records that were merged into it."""

    company_id: str
    name: Name
    tier: Name
    absorbed: list[str]
    arr: dict[str, str] | None = Field(description="by currency; null where not known")
    ltv: dict[str, str] | None = Field(description="by currency; null where not known")
    values: list[Value]
    renewal: NextRenewal | None
    open_tickets: int
    severe_tickets: int
    open_escalations: int
    exposed: bool
    because: list[Reason]


class Portfolio(Shape):
    """Companies with what they are worth, and the revenue that is exposed."""

    as_of: Moment
    position: int = Field(description="the largest position that counts")
    rules: dict[str, str]
    exposed: Exposed
    companies: list[PortfolioRow]
    total: int
    next: Name = Field(description="where the next page is")
