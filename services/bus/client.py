"""How every connection to Kafka is opened."""

from contextlib import suppress
from typing import Any, Final

from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from services.bus.brokers import Brokers

PATIENCE_MS: Final = 5_000
"""How long the brokers have to answer a first question."""


class BrokerAway(Exception):
    """No broker answers now."""


def client(
    kind: Any, brokers: Brokers, *, patience_ms: float = PATIENCE_MS, **settings: Any
) -> Any:
    """Open a client of *kind*, or leave nothing behind.

    Args:
        patience_ms: How long the brokers have to answer, in milliseconds.

    Raises:
        BrokerAway: If no broker answers.
    """
    started: list[Any] = []

    def start(**config: Any) -> Any:
        started.append(KafkaNetClient(**config))
        return started[-1]

    try:
        return kind(
            bootstrap_servers=brokers.servers,
            bootstrap_timeout_ms=patience_ms,
            reconnect_backoff_max_ms=1_000,
            kafka_client=start,
            **settings,
        )
    except KafkaError as error:
        # A client that does not find its brokers leaves its thread and sockets behind.
        for network in started:
            with suppress(Exception):
                network.close()
            with suppress(Exception):
                network._manager._net.stop()  # noqa: SLF001
        raise BrokerAway(f"no broker answers at {brokers}: {error}") from None
