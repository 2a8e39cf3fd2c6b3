"""What only PostgreSQL can do to an event store, and how ours stands it."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError
from eventsourcing.postgres import PostgresApplicationRecorder

from services.store import Log
from services.store.postgres import RELEASE
from tests.storing import append, factory_of

pytestmark = pytest.mark.broker


def test_who_does_not_append_by_the_function_cannot_append(postgres: str) -> None:
    factory = factory_of(postgres)
    factory.application_recorder()
    stock = PostgresApplicationRecorder(factory.datastore)

    with (
        pytest.raises(IntegrityError, match="notification_id"),
        stock.datastore.get_connection() as connection,
    ):
        connection.execute(
            "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
            "VALUES ('ticket/1', 1, 't', '')"
        )

    factory.close()


def test_the_librarys_own_functions_are_refused(postgres: str) -> None:
    with pytest.raises(ValueError, match="order of events"):
        factory_of(postgres, POSTGRES_ENABLE_DB_FUNCTIONS="y")


def test_a_lost_connection_is_replaced(postgres: str) -> None:
    factory, log = factory_of(postgres), Log(postgres)
    recorder = factory.application_recorder()
    append(recorder, ("ticket/1", 1))
    assert log.head() == 1

    with psycopg.connect(postgres, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert log.head() == 1
    with pytest.raises(OperationalError):
        append(recorder, ("ticket/1", 2))
    assert append(recorder, ("ticket/1", 2)) == [2]
    factory.close()
    log.close()


def test_two_schemas_of_one_database_are_two_stores(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as database:
        database.execute("CREATE SCHEMA second")
    second = f"{postgres}?options=-csearch_path%3Dsecond"
    factories = [factory_of(url) for url in (postgres, second)]

    positions = [append(f.application_recorder(), ("ticket/1", 1)) for f in factories]
    append(factories[1].application_recorder(), ("ticket/2", 1))

    assert positions == [[1], [1]]
    recorders = [factory.application_recorder() for factory in factories]
    assert [recorder.max_notification_id() for recorder in recorders] == [1, 2]
    for factory in factories:
        factory.close()


def test_the_order_holds_whatever_isolation_the_server_prefers(postgres: str) -> None:
    strict = f"{postgres}?options=-cdefault_transaction_isolation%3Dserializable"
    factories = [factory_of(strict) for _ in range(4)]
    recorders = [factory.application_recorder() for factory in factories]

    def run(number: int) -> int:
        return sum(
            len(append(recorders[number], (f"ticket/{number}", version)))
            for version in range(1, 51)
        )

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(run, range(4))) == [50] * 4
    for factory in factories:
        factory.close()


def test_a_new_release_of_the_function_replaces_the_old_one(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as database:
        factory_of(postgres).application_recorder()
        database.execute("COMMENT ON FUNCTION longcase_append IS 'an older release'")

        factory = factory_of(postgres)
        factory.application_recorder()

        release = database.execute(RELEASE).fetchone()
        assert release
        assert len(release[0]) == 64
        factory.close()
