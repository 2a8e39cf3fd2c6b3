"""What each process may do on Kafka, and nothing else: one user each, the least of rights.

Read and Write of a topic bring Describe of it along, and Write what an idempotent producer
needs.  At run time nobody creates or alters anything: topics are made by the admin, once.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from services.bus.topics import Topics

Operation = Literal["Create", "Describe", "Read", "Write"]
Resource = Literal["topic", "group"]

ORDER: Final[tuple[Operation, ...]] = ("Create", "Describe", "Read", "Write")


class Right(NamedTuple):
    """One user may do one thing with one topic or group."""

    user: str
    operation: Operation
    resource: Resource
    name: str


def group_of(projection: str, topics: Topics) -> str:
    """Name the consumer group of a projection's processes."""
    return f"{topics.prefix}.{projection}"


def rights(projections: Iterable[str], topics: Topics | None = None) -> list[Right]:
    """List who may do what.

    The relay reads, for it finds its place from the last record of each partition; the API
    only asks how far the partitions go.
    """
    topics = topics or Topics()
    every = (topics.events, topics.reads, topics.public, topics.inbox, topics.rejected)
    relayed = (topics.events, topics.reads, topics.public)
    found = [
        *(Right("admin", operation, "topic", name) for name in every for operation in ORDER[:2]),
        *(Right("relay", operation, "topic", name) for name in relayed for operation in ORDER[2:]),
        Right("api", "Describe", "topic", topics.events),
        Right("inbox", "Read", "topic", topics.inbox),
        Right("inbox", "Read", "group", group_of("inbox", topics)),
        *(Right("inbox", operation, "topic", topics.rejected) for operation in ORDER[2:]),
        Right("publisher", "Write", "topic", topics.inbox),
    ]
    for projection in projections:
        user = f"projector-{projection}"
        found.append(Right(user, "Read", "topic", topics.events))
        found.append(Right(user, "Read", "group", group_of(projection, topics)))
    return found


def commands(found: Iterable[Right]) -> Iterator[str]:
    """Write the commands that make users with these rights, as Kafka's own tools take them."""
    kept = list(found)
    for user in dict.fromkeys(right.user for right in kept):
        yield (
            "kafka-configs.sh $KAFKA --alter --entity-type users "
            f"--entity-name longcase-{user} --add-config 'SCRAM-SHA-512=[password=…]'"
        )
        for operations, resources in _together(user, kept).items():
            words = [f"--operation {operation}" for operation in operations]
            words += [f"--{resource} {name}" for resource, name in resources]
            yield (
                f"kafka-acls.sh $KAFKA --add --allow-principal User:longcase-{user} "
                f"{' '.join(words)}"
            )


Together = dict[tuple[Operation, ...], list[tuple[Resource, str]]]


def _together(user: str, found: list[Right]) -> Together:
    """Gather what one user may do alike, which is one command."""
    by_resource: dict[tuple[Resource, str], list[Operation]] = {}
    for right in found:
        if right.user == user:
            by_resource.setdefault((right.resource, right.name), []).append(right.operation)
    together: Together = {}
    for resource, operations in by_resource.items():
        together.setdefault(tuple(operations), []).append(resource)
    return together
