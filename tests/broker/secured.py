"""A real broker behind locks: passwords over TLS, certificates of both sides, an authorizer."""

import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)

from services.bus import Brokers, create_topics
from services.bus.rights import Right
from services.config import Settings
from services.stack.broker import Broker
from services.stack.part import HOST
from services.stack.plan import Plan
from services.stack.training import train
from tests.broker.certificates import Authority
from tests.broker.deployed import eventually

NAME = "localhost"
"""The one name that the broker's certificate is for."""

LINES = {"SCRAM": "SASL_SSL", "MTLS": "SSL", "EXPIRED": "SSL", "OPEN": "PLAINTEXT"}


@dataclass(frozen=True)
class Secured:
    """The broker, and how each user comes in."""

    broker: Broker
    ports: dict[str, int]
    root: Brokers
    ours: Authority
    foreign: Authority
    passwords: dict[str, str]

    def by_password(self, user: str) -> Brokers:
        """Come in as a user of the rights' table, by SCRAM over TLS."""
        return Brokers(
            f"{NAME}:{self.ports['SCRAM']}", "sasl_ssl", self.ours.file,
            mechanism="SCRAM-SHA-512", user=f"longcase-{user}", password=self.passwords[user],
        )  # fmt: skip

    def by_certificate(self, user: str, authority: Authority | None = None) -> Brokers:
        """Come in as a user of the rights' table, by a certificate."""
        signed = (authority or self.ours).sign(f"longcase-{user}")
        return Brokers(
            f"{NAME}:{self.ports['MTLS']}", "ssl", self.ours.file, signed.certificate, signed.key
        )

    def at(self, line: str, brokers: Brokers, host: str = NAME) -> Brokers:
        """Go to another line with what *brokers* has."""
        return replace(brokers, servers=f"{host}:{self.ports[line]}")


@contextmanager
def secured(rights: Iterable[Right]) -> Iterator[Secured]:
    """Run a broker whose users have these rights, and end it."""
    train()
    with ExitStack() as opened:
        folder = Path(tempfile.mkdtemp(prefix="longcase-secured-"))
        opened.callback(shutil.rmtree, folder)
        ours, foreign = Authority(folder, "ours"), Authority(folder, "foreign")
        plan = Plan.settle(folder, brokers=1, heap="96m", durable=False)
        ports = dict(zip(LINES, _free_ports(len(LINES)), strict=True))
        own = _properties(plan, ports, ours)
        broker = Broker(folder, plan, 1, own=own)
        opened.callback(broker.kill)
        broker.start()
        kept = list(rights)
        passwords = {user: secrets.token_urlsafe() for user in {right.user for right in kept}}
        root = Brokers(broker.address)
        _make_users(root, passwords)
        grant(root, kept)
        yield Secured(broker, ports, root, ours, foreign, passwords)


def settings_for(brokers: Brokers, home: Path) -> Settings:
    """Write down how to reach the brokers, as the operator of a process would."""
    known: dict[str, Any] = {
        "kafka": brokers.servers, "kafka_protocol": brokers.protocol, "kafka_ca": brokers.ca,
    }  # fmt: skip
    if brokers.is_sasl:
        (home / brokers.user).write_text(f"{brokers.password}\n")
        known |= {"kafka_user": brokers.user, "kafka_password_file": home / brokers.user}
    if brokers.certificate:
        known |= {"kafka_certificate": brokers.certificate, "kafka_key": brokers.key}
    return Settings(home=home, **known)


def emptied(bus: Secured, partitions: int) -> None:
    """Make all topics anew, for another store's events."""
    with closing(KafkaAdminClient(bootstrap_servers=bus.root.servers)) as admin:
        old = {name for name in admin.list_topics() if name.startswith("longcase.")}
        admin.delete_topics(list(old))
        assert eventually(lambda: not old & set(admin.list_topics()))
    create_topics(bus.by_password("admin"), partitions)


def _properties(plan: Plan, ports: dict[str, int], ours: Authority) -> dict[str, str]:
    node = plan.nodes[0]
    listeners = {"PLAINTEXT": node.port, **ports}
    kinds = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **LINES}
    good = ours.sign("broker", NAME)
    old = ours.sign("expired", NAME, expired=True)
    everywhere = [f"{name}://{HOST}:{port}" for name, port in listeners.items()]
    scram = "listener.name.scram"
    return {
        "listeners": ",".join([*everywhere, f"CONTROLLER://{HOST}:{node.controller_port}"]),
        "advertised.listeners": ",".join(f"{n}://{NAME}:{p}" for n, p in listeners.items()),
        "listener.security.protocol.map": ",".join(f"{n}:{kind}" for n, kind in kinds.items()),
        "inter.broker.listener.name": "PLAINTEXT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # who is on the machine itself, where the test makes users
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(good.both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ours.file),
        "listener.name.expired.ssl.keystore.type": "PEM",
        "listener.name.expired.ssl.keystore.location": str(old.both),
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.mtls.ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
        f"{scram}.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        f"{scram}.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
    }


def _make_users(root: Brokers, passwords: dict[str, str]) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=root.servers)) as admin:
        admin.alter_user_scram_credentials([
            UserScramCredentialUpsertion(f"longcase-{user}", "SCRAM-SHA-512", password)
            for user, password in passwords.items()
        ])  # fmt: skip


def grant(root: Brokers, rights: Iterable[Right]) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=root.servers)) as admin:
        made = admin.create_acls([_acl(right) for right in rights])
    assert not made["failed"], made


def revoke(root: Brokers, rights: Iterable[Right]) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=root.servers)) as admin:
        admin.delete_acls([_acl(right) for right in rights])


def _acl(right: Right) -> ACL:
    return ACL(
        f"User:longcase-{right.user}",
        "*",
        ACLOperation[right.operation.upper()],
        ACLPermissionType.ALLOW,
        ResourcePattern(ResourceType[right.resource.upper()], right.name),
    )


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        probes = [opened.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]
