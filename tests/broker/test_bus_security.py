"""The bus behind locks: each user does its own work and nothing else; whoever is wrong is told.

One real broker with an authorizer: passwords over TLS on one line, certificates on another.
"""

import gc
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError

from services.bus import (
    Barred,
    BrokerAway,
    Brokers,
    TopicMissing,
    Topics,
    create_topics,
    describe,
)
from services.bus.client import client, must_be_let_in
from services.bus.rights import Right, rights
from services.config import Settings
from services.deployment import Deployment
from services.inbox.serving import serve_inbox
from services.processes import serve_projector, serve_relay
from services.standing import standing
from tests import cli_words
from tests.broker.deployed import Deployed, eventually, history
from tests.broker.doing import DO, FOLLOWED, NAMES, TOPICS, Doing, some_are, write
from tests.broker.secured import Secured, emptied, grant, revoke, secured, settings_for
from tests.cli_words import Longcase

longcase = cli_words.longcase

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    # The client leaves the sockets of whoever was not let in to the collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

PARTITIONS: Final = 2
RELAYED: Final = {"events", "reads", "public"}

MAY: Final[dict[str, dict[str, set[str]]]] = {
    "admin": {"describe": set(NAMES)},
    "relay": {"describe": RELAYED, "read": RELAYED, "write": RELAYED},
    "api": {"describe": {"events"}},
    "inbox": {
        "describe": {"inbox", "rejected"}, "read": {"inbox", "rejected"},
        "write": {"rejected"}, "follow": {"inbox"},
    },
    "publisher": {"describe": {"inbox"}, "write": {"inbox"}},
    "projector-timeline": {"describe": {"events"}, "read": {"events"}, "follow": {"timeline"}},
    "projector-tickets": {"describe": {"events"}, "read": {"events"}, "follow": {"tickets"}},
}  # fmt: skip
"""Who may do what to which topic, or as which group; nobody may do anything else."""

UNAUTHORISED: Final = r"AUTHORIZATION_FAILED|AuthorizationFailed"


@pytest.fixture(scope="module")
def bus() -> Iterator[Secured]:
    with secured(rights(["timeline", "tickets"])) as bus:
        create_topics(bus.by_password("admin"), PARTITIONS)
        for name in NAMES:  # something to be read
            write(bus, bus.root, name)
        yield bus
    gc.collect()  # while the warning is expected


@pytest.mark.parametrize("user", MAY)
def test_each_user_does_its_own_work_and_nothing_else(bus: Secured, user: str) -> None:
    brokers = bus.by_password(user)
    tried = [(what, name) for what in DO for name in (FOLLOWED if what == "follow" else NAMES)]

    with ThreadPoolExecutor(4) as several:
        done = [several.submit(allowed, DO[what], bus, brokers, name) for what, name in tried]

    did = {what: {name for w, name in tried if w == what} for what in DO}
    for (what, name), answer in zip(tried, done, strict=True):
        if not answer.result():
            did[what].discard(name)
    assert {what: names for what, names in did.items() if names} == MAY[user]


def allowed(do: Doing, bus: Secured, brokers: Brokers, name: str) -> bool:
    try:
        do(bus, brokers, name)
    except Barred as error:
        if f"the user {brokers.user} has no right to" in str(error):
            return False
        raise
    return True


@pytest.mark.parametrize("user", MAY)
def test_at_run_time_nobody_makes_changes_or_removes_a_topic(bus: Secured, user: str) -> None:
    brokers = bus.by_password(user)

    with pytest.raises(Barred, match="CREATE topic others"):
        create_topics(brokers, 1, Topics("others"))
    with closing(client(KafkaAdminClient, brokers)) as admin:
        with pytest.raises(KafkaError, match=UNAUTHORISED):
            admin.delete_topics([TOPICS.events])
        with pytest.raises(KafkaError, match=UNAUTHORISED):
            admin.create_partitions({TOPICS.events: PARTITIONS + 1})
    assert describe(bus.root, [TOPICS.events])[TOPICS.events].partitions == PARTITIONS


def test_topics_do_not_make_themselves(bus: Secured) -> None:
    with closing(client(KafkaConsumer, bus.root, allow_auto_create_topics=True)) as consumer:
        consumer.partitions_for_topic("longcase.misspelt")

    with pytest.raises(TopicMissing):
        describe(bus.root, ["longcase.misspelt"])


def test_whoever_is_wrong_is_told_what_is_wrong(bus: Secured) -> None:
    good, certified = bus.by_password("api"), bus.by_certificate("api")
    uncertified = replace(certified, certificate=None, key=None)
    told = {
        "password of the user longcase-api is wrong": replace(good, password="guessed"),
        "the user nobody is wrong, or they do not know the user": replace(good, user="nobody"),
        "they do not take PLAIN": replace(good, mechanism="PLAIN"),
        "signed by nobody LONGCASE_KAFKA_CA names": replace(good, ca=bus.foreign.file),
        "is not for that name": bus.at("SCRAM", good, host="127.0.0.1"),
        "has expired": bus.at("EXPIRED", uncertified),
        "does not accept no certificate": uncertified,
        "does not accept our certificate": bus.by_certificate("api-2", bus.foreign),
        "they ask for a user and a password": bus.at("SCRAM", uncertified),
        "they ask nobody there for a password": bus.at(
            "MTLS", replace(good, certificate=certified.certificate, key=certified.key)
        ),
        "speaks TLS": bus.at("SCRAM", bus.root),
        "speaks no TLS": bus.at("OPEN", good),
    }

    with ThreadPoolExecutor(len(told)) as several:
        answers = dict(zip(told, several.map(refusal, told.values()), strict=True))

    assert {what: what in answer for what, answer in answers.items()} == dict.fromkeys(told, True)


def refusal(brokers: Brokers) -> str:
    with pytest.raises(Barred) as refused:
        describe(brokers, [TOPICS.events])
    return str(refused.value)


def test_a_broker_that_is_away_bars_nobody(bus: Secured) -> None:
    with pytest.raises(BrokerAway) as away:
        describe(replace(bus.by_password("api"), servers="localhost:1"), [TOPICS.events])

    assert not isinstance(away.value, Barred)


def test_who_was_let_in_once_is_told_when_that_is_over(bus: Secured) -> None:
    must_be_let_in(bus.by_password("relay"))
    must_be_let_in(Brokers("localhost:1"))

    with pytest.raises(Barred, match="password"):
        must_be_let_in(replace(bus.by_password("relay"), password="of old"))


def test_events_travel_by_passwords_and_by_certificates(bus: Secured, tmp_path: Path) -> None:
    deployed = Deployed(settings_for(bus.by_password("api"), tmp_path), TOPICS)
    relay = settings_for(bus.by_certificate("relay"), tmp_path)
    inbox = settings_for(bus.by_password("inbox"), tmp_path)
    projector = settings_for(bus.by_password("projector-timeline"), tmp_path)
    with deployed.opened:
        emptied(bus, PARTITIONS)
        head = deployed.tell_the_story()
        with (
            at_work(lambda stop: serve_relay(relay, stop)),
            at_work(lambda stop: serve_inbox(inbox, stop)),
            at_work(lambda stop: serve_projector(projector, "timeline", stop)),
        ):
            good = b'{"type":"company.registered","subject":"company/nova","data":{"name":"Nova"},'
            good += b'"specversion":"1.0","source":"shop","id":"1","time":"2026-11-20T09:00:00Z"}'
            write(bus, bus.by_certificate("publisher"), "inbox", good)
            write(bus, bus.by_password("publisher"), "inbox", b"no event")

            assert eventually(lambda: deployed.desk.store.head() > head)
            assert deployed.has_arrived("timeline")
            assert eventually(lambda: some_are(bus.by_password("inbox"), "rejected"))
            state, reason = told_by_the_barred(deployed.settings, tmp_path / "guessed")
            assert (state, "the password" in reason) == ("barred", True)


def told_by_the_barred(settings: Settings, password: Path) -> tuple[str, str]:
    """Ask for the timeline's state as somebody whom the brokers do not let in."""
    password.write_text("guessed")
    password.chmod(0o600)
    with Deployment(settings.model_copy(update={"kafka_password_file": password})) as barred:
        (timeline,) = (each for each in standing(barred) if each["name"] == "timeline")
    return timeline["state"], timeline["reason"]


@contextmanager
def at_work(work: Callable[[Event], None]) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=work, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_process_ends_where_a_right_is_missing_and_says_which(
    bus: Secured, tmp_path: Path
) -> None:
    by_nobody = settings_for(bus.by_password("publisher"), tmp_path)
    by_another = settings_for(bus.by_password("projector-tickets"), tmp_path)

    with pytest.raises(Barred, match="the user longcase-publisher has no right to DESCRIBE"):
        serve_relay(by_nobody, Event())
    with pytest.raises(Barred, match=r"has no right to .*READ group longcase\.timeline"):
        serve_projector(by_another, "timeline", Event())


def test_a_right_that_is_taken_away_ends_a_relay_at_work(bus: Secured, tmp_path: Path) -> None:
    deployed = Deployed(settings_for(bus.by_password("relay"), tmp_path), TOPICS)
    lost = [Right("relay", "Write", "topic", TOPICS.events)]
    said: list[str] = []

    def relaying() -> None:
        with pytest.raises(Barred) as barred:
            serve_relay(deployed.settings, Event())
        said.append(str(barred.value))

    with deployed.opened:
        emptied(bus, PARTITIONS)
        events = history(companies=2, tickets=1, messages=2)
        head = deployed.report(events[:4])
        thread = Thread(target=relaying)
        thread.start()
        assert eventually(lambda: deployed.relayed() == head)

        revoke(bus.root, lost)
        deployed.report(events[4:])
        thread.join(60)
        grant(bus.root, lost)

    assert "the user longcase-relay has no right to WRITE" in said[0]
    assert TOPICS.events in said[0]


def test_doctor_says_how_the_line_is_secured_and_what_fails(
    bus: Secured, longcase: Longcase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    admin = bus.by_password("admin")
    secret = tmp_path / "password"
    secret.write_text(admin.password)
    secret.chmod(0o600)
    monkeypatch.setenv("LONGCASE_KAFKA", admin.servers)
    monkeypatch.setenv("LONGCASE_KAFKA_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("LONGCASE_KAFKA_CA", str(admin.ca))
    monkeypatch.setenv("LONGCASE_KAFKA_USER", admin.user)
    monkeypatch.setenv("LONGCASE_KAFKA_PASSWORD_FILE", str(secret))

    well = {check["what"]: check for check in longcase("doctor", "--json").json}
    secret.write_text("guessed")
    answer = longcase("doctor", "--json")

    assert {well[what]["state"] for what in ("Kafka line", "Kafka", "secret")} == {"ok"}
    assert "encrypted, host names checked" in well["Kafka line"]["found"]
    assert "the user longcase-admin" in well["Kafka line"]["found"]
    ill = {check["what"]: check for check in answer.json}
    assert (answer.code, ill["Kafka"]["state"]) == (1, "FAIL")
    assert "the password of the user longcase-admin is wrong" in ill["Kafka"]["found"]
    assert "guessed" not in answer.out


def test_the_password_is_in_no_log(bus: Secured, caplog: pytest.LogCaptureFixture) -> None:
    admin = bus.by_password("admin")
    with caplog.at_level(logging.DEBUG, logger="kafka"):
        describe(admin, [TOPICS.events])

    assert admin.user in caplog.text
    assert admin.password not in caplog.text
