"""How every connection to Kafka is opened, and what it means that one fails."""

from contextlib import suppress
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import AuthorizationError, KafkaError, SaslAuthenticationFailedError
from kafka.net.compat import KafkaNetClient

from services.bus.brokers import Brokers
from services.bus.line import why_barred

PATIENCE_MS: Final = 5_000
"""How long the brokers have to answer a first question."""

AGAIN_MS: Final = 1_000
"""How long they have when they are known to be slow."""


class BrokerAway(Exception):
    """The brokers cannot be used now.

    Attributes:
        state: The state of whoever waits for them, as `longcase projections status` tells it.
    """

    state = "broker_away"


class Barred(BrokerAway):
    """The brokers answer and do not let us: a password, a certificate or a right is wrong.

    It stays so until somebody mends it, so a process that meets it ends and says so, instead of
    looking alive for ever; whoever starts it again reads the mended password and certificate.
    """

    state = "barred"


def client(
    kind: Any, brokers: Brokers, *, patience_ms: float = PATIENCE_MS, **settings: Any
) -> Any:
    """Open a client of *kind*, or leave nothing behind.

    Args:
        patience_ms: How long the brokers have to answer, in milliseconds.

    Raises:
        BrokerAway: If no broker answers.
        Barred: If they answer and do not let us in.
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
            **brokers.client_settings(),
            **settings,
        )
    except KafkaError as error:
        # A client that does not find its brokers leaves its thread and sockets behind.
        for network in started:
            with suppress(Exception):
                network.close()
            with suppress(Exception):
                network._manager._net.stop()  # noqa: SLF001
        if isinstance(error, SaslAuthenticationFailedError):
            raise failure(error, brokers) from None
        # The client only says that it had no answer in time; the line itself says why.
        if reason := why_barred(brokers):
            raise Barred(f"the brokers at {brokers} do not let us in: {reason}") from None
        raise BrokerAway(f"no broker answers at {brokers}: {error}") from None


def must_be_let_in(brokers: Brokers) -> None:
    """Find out why a client that was let in before hears nothing any more.

    Raises:
        Barred: If the brokers answer and do not let us in.
    """
    try:
        client(KafkaAdminClient, brokers, patience_ms=AGAIN_MS).close()
    except Barred:
        raise
    except BrokerAway:
        return


def failure(
    error: KafkaError,
    brokers: Brokers,
    what: str = "the brokers do not do as asked",
    right: str = "",
) -> BrokerAway:
    """Say what a failure of the client means: passing, or to be mended.

    Args:
        what: What could not be done.
        right: Which right that takes, as in ``READ of topic longcase.events``.
    """
    if isinstance(error, SaslAuthenticationFailedError):
        return Barred(
            f"the brokers at {brokers} do not let us in: the password of {brokers.who} is wrong, "
            f"or they do not know the user ({brokers.mechanism})"
        )
    # The client tells of a producer that may write nowhere by a plain error's text alone.
    if isinstance(error, AuthorizationError) or "AuthorizationFailed" in str(error):
        missing = f": {brokers.who} has no right to {right}" if right else f": {error}"
        return Barred(f"not authorised at {brokers}: {what}{missing}")
    return BrokerAway(f"{what} at {brokers}: {error}")
