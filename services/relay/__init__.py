"""Store → Kafka: the relay, its mark in the store's database, and the topics it publishes to."""

from services.relay.relay import Relay
from services.relay.republish import RelayAtWork, Republished, republish
from services.relay.status import status

__all__ = ["Relay", "RelayAtWork", "Republished", "republish", "status"]
