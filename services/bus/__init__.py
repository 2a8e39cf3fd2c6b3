"""Kafka, and the only place that knows it: topics, a publisher, tails, a follower.

What it must bear of the client is written where it is borne.  The rest of the program sees
records, partitions and offsets; another client could stand behind the same names.
"""

import logging

from services.bus.brokers import Brokers, LineUnusable, brokers_of
from services.bus.client import Barred, BrokerAway
from services.bus.ends import Ends
from services.bus.follower import Follower, InstanceTaken
from services.bus.message import Message
from services.bus.publisher import Publisher, Record, Unacknowledged, partition_of
from services.bus.tails import Tail, read_tails
from services.bus.topics import (
    TopicInfo,
    TopicMissing,
    TopicRefused,
    TopicReplaced,
    Topics,
    create_topics,
    describe,
)

__all__ = [
    "Barred",
    "BrokerAway",
    "Brokers",
    "Ends",
    "Follower",
    "InstanceTaken",
    "LineUnusable",
    "Message",
    "Publisher",
    "Record",
    "Tail",
    "TopicInfo",
    "TopicMissing",
    "TopicRefused",
    "TopicReplaced",
    "Topics",
    "Unacknowledged",
    "brokers_of",
    "create_topics",
    "describe",
    "partition_of",
    "read_tails",
]

# The client logs an error with its traceback about once a second while a broker is away;
# whoever uses the bus says once that it is away, and once that it is back.
logging.getLogger("kafka").addHandler(logging.NullHandler())
logging.getLogger("kafka").propagate = False
