"""Store → Kafka: the relay, its mark in the store's database, and the topics it publishes to."""

from services.relay.relay import Relay

__all__ = ["Relay"]
