import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from services.stack import (
    PackagesMissing,
    PortTaken,
    Stack,
    StackDiffers,
    StackError,
    brokers_of,
    create_database,
    down,
    drop_database,
    postgres_of,
    status,
    up,
)
from services.stack.errors import stack_packages
from services.stack.plan import kafka_id
from services.stack.program import Program, launch

broker = pytest.mark.broker


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this file's own stack is: the session's must not be killed under other tests."""
    home = tmp_path_factory.mktemp("home")
    yield home
    down(home)


@pytest.fixture
def running(home: Path) -> Stack:
    return up(home, heap="96m", durable=False)


@broker
def test_what_is_produced_can_be_consumed(running: Stack) -> None:
    make_topic(running.kafka, "spoken")

    produce(running.kafka, "spoken", b"hello")

    assert consume(running.kafka, "spoken") == [b"hello"]


@broker
def test_a_database_is_empty_and_its_own(running: Stack) -> None:
    assert running.postgres
    first = create_database(running.postgres, "first")
    second = create_database(running.postgres, "second one")

    with psycopg.connect(first) as db:
        db.execute("CREATE TABLE ticket (id text)")

    with psycopg.connect(second) as db:
        found = db.execute("SELECT to_regclass('ticket'), current_database()").fetchone()
    assert found == (None, "second one")
    drop_database(running.postgres, "first")
    drop_database(running.postgres, "second one")


@broker
def test_up_finds_what_runs(home: Path, running: Stack) -> None:
    before = status(home)

    again = up(home, heap="96m", durable=False)

    assert again == running
    assert [part.pid for part in status(home)] == [part.pid for part in before]


@broker
def test_status_describes_every_part(home: Path, running: Stack) -> None:
    kafka, postgres = status(home)

    assert (kafka.name, kafka.running, kafka.address) == ("kafka-1", True, running.kafka)
    assert postgres.name == "postgres"
    assert postgres.address in (running.postgres or "")
    assert 50_000_000 < (kafka.memory or 0) < 500_000_000
    assert 10_000_000 < (postgres.memory or 0) < 200_000_000


@broker
def test_the_stack_outlives_the_process_that_started_it(home: Path, running: Stack) -> None:
    down(home)
    line = (
        "import sys; from pathlib import Path; from services.stack import up; up(Path(sys.argv[1]))"
    )

    subprocess.run([sys.executable, "-c", line, home], check=True)

    assert all(part.running for part in status(home))


@broker
def test_a_stopped_stack_starts_with_its_data_at_the_same_addresses(
    home: Path, running: Stack
) -> None:
    make_topic(running.kafka, "kept")
    produce(running.kafka, "kept", b"before")

    down(home)
    stopped = status(home)
    again = up(home, heap="96m", durable=False)

    assert [(part.running, part.pid, part.memory) for part in stopped] == [(False, None, None)] * 2
    assert again == running
    assert consume(again.kafka, "kept") == [b"before"]


@broker
def test_a_killed_broker_starts_with_what_it_acknowledged(home: Path, running: Stack) -> None:
    (kafka,) = brokers_of(home)
    make_topic(running.kafka, "survived")
    produce(running.kafka, "survived", b"acknowledged")

    kafka.kill()
    assert not kafka.program
    kafka.start()

    produce(running.kafka, "survived", b"afterwards")
    assert consume(running.kafka, "survived", 2) == [b"acknowledged", b"afterwards"]


@broker
def test_a_killed_server_starts_with_what_it_committed(home: Path, running: Stack) -> None:
    assert running.postgres
    server = postgres_of(home)
    with psycopg.connect(running.postgres) as db:
        db.execute("CREATE TABLE IF NOT EXISTS promise (id text)")
        db.execute("INSERT INTO promise VALUES ('patch-by-tuesday')")
    with closing(psycopg.connect(running.postgres)) as idle:
        server.kill()
        server.start()
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")

    with psycopg.connect(running.postgres) as db:
        assert db.execute("SELECT id FROM promise").fetchall() == [("patch-by-tuesday",)]
        db.execute("DROP TABLE promise")


@broker
def test_a_paused_part_holds_its_port_and_is_silent_until_resumed(
    home: Path, running: Stack
) -> None:
    (kafka,), server = brokers_of(home), postgres_of(home)

    for part in (kafka, server):
        part.pause()
        assert part.program
        assert not part.answers()
        part.resume()
        part.wait()

    assert kafka.answers()
    assert server.answers()


@broker
def test_a_stack_does_not_change_its_number_of_brokers(home: Path, running: Stack) -> None:
    with pytest.raises(StackDiffers, match=r"made with 1 broker\(s\), not 3"):
        up(home, brokers=3)


@broker
def test_a_port_that_somebody_else_took_is_named(home: Path, running: Stack) -> None:
    (kafka,) = brokers_of(home)
    kafka.stop()

    with socket.create_server(("127.0.0.1", kafka.port)), pytest.raises(PortTaken) as taken:
        kafka.start()

    assert kafka.address in str(taken.value)
    kafka.start()


@broker
@pytest.mark.slow
def test_three_brokers_keep_acknowledging_when_one_is_killed(tmp_path: Path) -> None:
    stack = up(tmp_path, brokers=3, postgres=False, heap="96m")
    try:
        first, *_ = brokers_of(tmp_path)
        make_topic(stack.kafka, "thrice", copies=3)
        produce(stack.kafka, "thrice", b"with three")
        first.kill()
        produce(stack.kafka, "thrice", b"with two")
        first.start()

        assert consume(stack.kafka, "thrice", 2) == [b"with three", b"with two"]
    finally:
        down(tmp_path)


@broker
def test_the_shared_servers_answer(kafka: str, postgres: str) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=kafka)) as admin:
        assert admin.describe_cluster()["brokers"]
    with psycopg.connect(postgres) as db:
        assert db.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone() == (0,)


def test_a_home_that_a_stack_makes_is_its_owners_alone(tmp_path: Path) -> None:
    up(tmp_path / "home", brokers=0, postgres=False)

    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_nothing_runs_where_no_stack_was_made(tmp_path: Path) -> None:
    down(tmp_path)

    assert status(tmp_path) == []
    with pytest.raises(StackError, match="no stack in"):
        brokers_of(tmp_path)


def test_an_id_is_never_taken_for_an_option() -> None:
    ids = [kafka_id() for _ in range(5_000)]

    assert len(set(ids)) == len(ids)
    assert {len(text) for text in ids} == {22}
    assert not [text for text in ids if text.startswith("-")]


def test_a_missing_package_is_named_with_the_line_that_installs_it() -> None:
    with pytest.raises(PackagesMissing, match=r"pip install 'longcase\[stack\]'"), stack_packages():
        import a_package_that_is_not_there  # type: ignore[import-not-found] # noqa: F401


def test_a_program_is_found_again_until_it_ends(tmp_path: Path) -> None:
    sleeper = launch(["sleep", "60"], log=tmp_path / "log")
    assert sleeper
    sleeper.save(tmp_path / "pid")

    assert Program.find(tmp_path / "pid") == sleeper
    subprocess.run(["kill", "-9", str(sleeper.pid)], check=True)
    assert sleeper.gone_within(5)
    assert Program.find(tmp_path / "pid") is None


def test_a_pid_given_to_another_process_is_not_taken_for_ours(tmp_path: Path) -> None:
    sleeper = launch(["sleep", "60"], log=tmp_path / "log")
    assert sleeper

    sleeper._replace(born=sleeper.born - 1).save(tmp_path / "pid")

    assert Program.find(tmp_path / "pid") is None
    subprocess.run(["kill", "-9", str(sleeper.pid)], check=True)


def make_topic(servers: str, name: str, *, copies: int = 1) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=servers)) as admin:
        admin.create_topics({name: {"num_partitions": 1, "replication_factor": copies}})


def produce(servers: str, topic: str, value: bytes) -> None:
    with closing(KafkaProducer(bootstrap_servers=servers)) as producer:
        producer.send(topic, value).get(timeout=60)


def consume(servers: str, topic: str, count: int = 1) -> list[bytes]:
    consumer = KafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    with closing(consumer):
        return [next(consumer).value for _ in range(count)]
