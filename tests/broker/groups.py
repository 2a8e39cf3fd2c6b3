"""Who of a projection's group has which partitions, as the brokers know it."""

from contextlib import closing

from kafka import KafkaAdminClient
from kafka.errors import CoordinatorNotAvailableError

from tests.broker.deployed import Deployed


def shares(deployed: Deployed, projection: str) -> dict[str, set[int]]:
    """Say which partitions each instance has; nothing while the group shares them out."""
    group = f"{deployed.topics.prefix}.{projection}"
    with closing(KafkaAdminClient(bootstrap_servers=deployed.settings.kafka)) as admin:
        try:
            found = admin.describe_groups([group])[group]
        except CoordinatorNotAvailableError:  # there never was a group yet
            return {}
    if found["group_state"] != "Stable":
        return {}
    return {
        member["group_instance_id"]: {
            part
            for topic in (member["member_assignment"] or {}).get("assigned_partitions", ())
            for part in topic["partitions"]
        }
        for member in found["members"]
    }
