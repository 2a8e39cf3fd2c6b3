"""Everything that can happen to a product: what we sell, whoever runs it."""

from domain.events.base import CompanyText, Event, event
from domain.values import Code


@event("product.version_released")
class ProductVersionReleased(Event):
    """A version exists."""

    version: Code
    notes: CompanyText | None = None


AnyProductEvent = ProductVersionReleased
