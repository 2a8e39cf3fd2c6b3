"""The brokers of one deployment: where they are."""

from dataclasses import dataclass

from services.config import Settings


@dataclass(frozen=True, slots=True)
class Brokers:
    """Everything a connection to Kafka needs.

    Attributes:
        servers: Comma-separated ``host:port``.
    """

    servers: str

    def __str__(self) -> str:
        return self.servers


def brokers_of(settings: Settings) -> Brokers:
    """Take what the settings say of Kafka."""
    return Brokers(settings.kafka)
