"""The control store keeps keys and secrets, once for all processes, and forgets for ever."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from services.control import MIGRATIONS, Control, Keyring, key_id_of


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def control_url(request: pytest.FixtureRequest, home: Path) -> str:
    """Where the control store is, on each of the two databases in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{home}/control.db"
    return str(request.getfixturevalue("postgres"))


def test_a_secret_is_made_once_and_stays(control: Control, control_url: str) -> None:
    secret = control.secret("handles")

    other = Control(control_url)

    assert other.secret("handles") == control.secret("handles") == secret
    assert other.secret("content") != secret
    assert len(secret) == 32
    other.close()


def test_many_that_start_at_once_agree_on_secrets_and_keys(control_url: str) -> None:
    start = threading.Barrier(8)

    def run(_: int) -> tuple[bytes, tuple[str, bytes] | None]:
        start.wait()
        control = Control(control_url)
        found = control.secret("content"), Keyring(control).key_of("contact/jan")
        control.close()
        return found

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(run, range(8)))) == 1


def test_each_step_of_the_migration_is_taken_once(control: Control, control_url: str) -> None:
    Control(control_url).close()

    steps = control.database.execute("SELECT version FROM control_version ORDER BY version")

    assert steps == [(number,) for number in range(1, len(MIGRATIONS) + 1)]


def test_a_key_is_named_by_what_it_is(keyring: Keyring) -> None:
    found = keyring.key_of("contact/jan")

    assert found is not None
    key_id, key = found
    assert (key_id_of(key), len(key)) == (key_id, 32)
    assert keyring.key(key_id) == key
    assert keyring.key_of("contact/ana") != found


def test_a_destroyed_key_is_gone_for_everyone_for_ever(
    keyring: Keyring, control: Control, control_url: str
) -> None:
    keyring.ensure(["contact/jan", "contact/ana"])
    elsewhere = Keyring(Control(control_url))
    key_ids = {}
    for subject in ("contact/jan", "contact/ana"):
        found = elsewhere.key_of(subject)
        assert found is not None
        key_ids[subject] = found[0]

    assert keyring.destroy("contact/jan")
    elsewhere.refresh()

    for ring in (keyring, elsewhere, Keyring(control)):
        assert ring.key(key_ids["contact/jan"]) is None
        assert ring.key_of("contact/jan") is None
        assert ring.is_destroyed("contact/jan")
        assert ring.key(key_ids["contact/ana"]) is not None
        assert not ring.is_destroyed("contact/ana")
    assert not keyring.destroy("contact/jan")


def test_each_destroyed_key_is_noticed_whatever_the_clock_says(
    keyring: Keyring, control: Control, control_url: str
) -> None:
    people = [f"contact/{number}" for number in range(20)]
    keyring.ensure(people)
    elsewhere = Keyring(Control(control_url))
    elsewhere.ensure(people)
    future = 9_000_000_000_000_000
    keyring.destroy(people[0])
    control.database.changed(
        "UPDATE keyring SET destroyed_at = ? WHERE destroyed_at IS NOT NULL", (future,)
    )

    for person in people[1:]:
        elsewhere.refresh()
        assert elsewhere.key_of(person) is not None
        keyring.destroy(person)
        elsewhere.refresh()
        assert elsewhere.key_of(person) is None


def test_a_key_that_was_never_here_opens_nothing(keyring: Keyring) -> None:
    assert keyring.key("nobody's") is None


def test_keys_are_found_while_another_thread_destroys(keyring: Keyring) -> None:
    people = [f"contact/{number}" for number in range(50)]
    keyring.ensure(people)
    found = keyring.key_of("contact/jan")
    assert found is not None
    done = threading.Event()

    def look() -> int:
        looked = 0
        while not done.is_set():
            assert keyring.key(found[0]) == found[1]
            assert keyring.key_of("contact/jan") == found
            looked += 1
        return looked

    with ThreadPoolExecutor(2) as threads:
        looking = threads.submit(look)
        for person in people:
            assert keyring.destroy(person)
        done.set()
        assert looking.result() > 0


def test_names_of_staff_are_kept_and_replaced(control: Control) -> None:
    control.name_staff({"mia": "Mia", "tom": "Tom"})
    control.name_staff({"tom": "Tom Baker"})

    assert control.staff(["mia", "tom", "nobody"]) == {"mia": "Mia", "tom": "Tom Baker"}
    assert control.staff([]) == {}


@pytest.mark.parametrize("control_url", ["sqlite"], indirect=True)
def test_the_file_is_its_owners_alone_and_is_written_durably(control: Control, home: Path) -> None:
    control.secret("handles")

    assert control.database.execute("PRAGMA synchronous") == [(2,)]
    for path in home.glob("control.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "control_url", [pytest.param("postgresql", marks=pytest.mark.broker)], indirect=True
)
def test_a_lost_connection_is_replaced(
    control: Control, keyring: Keyring, control_url: str
) -> None:
    keyring.ensure(["contact/jan"])
    with psycopg.connect(control_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    with pytest.raises(psycopg.OperationalError):
        keyring.refresh()

    keyring.refresh()
    assert keyring.key_of("contact/jan") is not None
