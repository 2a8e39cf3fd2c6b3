"""At every step a part is killed, fails or stalls: afterwards everything is there, once, in order.

The table names all failpoints of the code; what is killed is started again by its supervisor.
"""

import re
import signal
from typing import Final

import pytest

from services.catalogue import PROJECTIONS
from services.parking import Parking
from services.security import Keys
from tests.broker.deployed import PROJECT, eventually
from tests.broker.inboxes import is_done, send
from tests.broker.kill.case import FAILPOINT, WAVES, Case, waves
from tests.broker.kill.ledger import Pace
from tests.broker.kill.load import Publisher
from tests.broker.kill.stories import foundation, message
from tests.inboxes import structured

pytestmark = [pytest.mark.broker, pytest.mark.slow]

ACTS: Final = ("kill", "raise", "stall:0.7")

TABLE: Final[dict[str, tuple[str, ...]]] = {
    "api 1": ("append.before_insert", "append.before_commit", "append.after_commit"),
    "relay": (
        "relay.before_send", "relay.after_send", "relay.after_acknowledged", "relay.after_mark",
    ),
    "tickets 1": (
        "project.before_transaction", "project.before_commit", "project.after_commit",
        "park.before_commit", "park.after_commit",
    ),
    "retry tickets": ("retry.before_commit", "retry.after_commit"),
    "rebuild tickets": ("rebuild.after_fill", "rebuild.before_commit", "rebuild.after_swap"),
    "inbox": (
        "inbox.before_record", "inbox.after_record_before_rejects",
        "inbox.after_record_before_mark", "inbox.after_mark",
    ),
    # It knows no broker: tests/test_watcher.py takes it through these.
    "watcher": ("watcher.before_record", "watcher.after_record", "watcher.after_mark"),
}  # fmt: skip
"""Where each failpoint is passed."""

RELAY: Final = {"relay": ""}
TICKETS: Final = {"tickets 1": ""}


def test_every_failpoint_of_the_code_is_in_the_table() -> None:
    named = re.compile(r'failpoint\("([a-z_.]+)"\)')
    found = [
        name
        for file in PROJECT.glob("services/**/*.py")
        for name in named.findall(file.read_text())
    ]

    assert sorted(found) == sorted(name for names in TABLE.values() for name in names)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", ["append.before_insert", "append.after_commit"])
def test_an_append(case: Case, name: str, act: str) -> None:
    an_append(case, name, act)


@pytest.mark.parametrize("act", ACTS)
def test_an_append_to_sqlite(sqlite_case: Case, act: str) -> None:
    """On PostgreSQL the append is one statement: no step of ours lies before its commit."""
    an_append(sqlite_case, "append.before_commit", act)


def an_append(case: Case, name: str, act: str) -> None:
    with case.at_work(RELAY | TICKETS | {"api 1": f"{name}={act}@2"}):
        key = Keys(case.deployed.control).create("test", "publisher")
        publisher = Publisher(iter(()), case.system.ports[:1], key, case.ledger, Pace(0))
        for wave in waves():
            publisher.report(wave)
        publisher.hang_up()

    if act == "raise":  # an error of ours is told as such, and the repeat clears it up
        case.ledger.complaints[:] = [c for c in case.ledger.complaints if "answered 500" not in c]
    assert wrong(case, "api 1") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["relay"])
def test_a_relay(case: Case, name: str, act: str) -> None:
    with case.at_work(TICKETS | {"relay": f"{name}={act}@2"}):
        case.tell()

    assert wrong(case, "relay") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["tickets 1"][:3])
def test_a_projector(case: Case, name: str, act: str) -> None:
    with case.at_work(RELAY | {"tickets 1": f"{name}={act}@2"}):
        case.tell()

    assert wrong(case, "tickets 1") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["tickets 1"][3:])
def test_a_projector_that_parks(case: Case, name: str, act: str) -> None:
    with case.at_work(RELAY | {"tickets 1": f"project.before_commit=raise,{name}={act}@1"}):
        parked(case)
        assert case.system.run("retry tickets") == 0

    assert wrong(case, "tickets 1") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["retry tickets"])
def test_a_retry(case: Case, name: str, act: str) -> None:
    with case.at_work(RELAY | {"tickets 1": "project.before_commit=raise"}):
        parked(case)
        ends_as_told(case, "retry tickets", name, act)

    assert wrong(case, "retry tickets") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["rebuild tickets"])
def test_a_rebuild(case: Case, name: str, act: str) -> None:
    first, second, *others = waves()
    with case.at_work(RELAY | TICKETS):
        case.report(first)
        assert case.system.comes_to_rest("tickets") == []
        case.report(second)
        ends_as_told(case, "rebuild tickets", name, act)
        for wave in others:
            case.report(wave)

    assert wrong(case, "rebuild tickets") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["inbox"])
def test_an_inbox(case: Case, name: str, act: str) -> None:
    with case.at_work(RELAY | TICKETS | {"inbox": f"{name}={act}@2"}):
        case.report(foundation())
        for wave in range(WAVES):
            send_some(case, wave)
            if wave == 0:
                assert eventually(lambda: is_done(case.deployed))  # one page by itself

    assert wrong(case, "inbox") == []


def wrong(case: Case, part: str) -> list[str]:
    """List what is wrong in the end; that nothing was armed would be wrong too."""
    passed = FAILPOINT in case.log(part)
    return case.wrong() if passed else [*case.wrong(), "the failpoint was not passed"]


def send_some(case: Case, wave: int) -> None:
    """Put good events into the inbox, and bad ones."""
    ledger = case.ledger
    events = [message(f"m{wave}-{n}", f"all-{n % 3}" if n % 7 else "nobody", n) for n in range(60)]
    ledger.sent.update(event["id"] for event in events)
    ledger.bad.update(event["id"] for event in events if event["subject"] == "ticket/nobody")
    places = send(case.deployed, [structured(event) for event in events])
    for event, place in zip(events, places, strict=True):
        ledger.taken[event["id"]] = [place]


def parked(case: Case) -> None:
    """Let the projector park what it meets, and start it again when it did."""
    for wave in waves():
        case.report(wave)
    models, part = case.deployed.models, case.system.parts["tickets 1"]
    parking, view = Parking(models), models.view(PROJECTIONS["tickets"])
    assert eventually(lambda: part.codes or parking.count(view))
    case.system.kill("tickets 1")
    assert case.system.comes_to_rest("tickets") == []


def ends_as_told(case: Case, part: str, name: str, act: str) -> None:
    """Run a part that comes upon a failpoint, then once more without."""
    codes = {"kill": -signal.SIGKILL, "raise": 1}
    assert case.system.run(part, f"{name}={act}@1") == codes.get(act, 0)
    assert case.system.run(part) == 0
