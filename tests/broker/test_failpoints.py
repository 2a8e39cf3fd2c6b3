"""At every step a part is killed, fails or stalls: afterwards everything is there, once, in order.

The table names all failpoints of the code; what is killed is started again by its supervisor.
"""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final, NamedTuple

import orjson
import pytest

from services.catalogue import PROJECTIONS
from services.config import Settings
from services.parking import Parking
from services.security import Keys
from services.stack.plan import _free_ports
from services.wire import read_cloud_event
from tests.broker.deployed import PROJECT, Deployed, eventually
from tests.broker.inboxes import is_done, send
from tests.broker.kill.forks import Zygote
from tests.broker.kill.invariants import violations
from tests.broker.kill.ledger import Ledger, Pace
from tests.broker.kill.load import Publisher
from tests.broker.kill.stories import Events, foundation, message, story
from tests.broker.kill.system import System
from tests.inboxes import structured

pytestmark = [pytest.mark.broker, pytest.mark.slow]

ACTS: Final = ("kill", "raise", "stall:0.7")
WAVES: Final = 4
"""How often something is reported, so that every place is passed more than once."""

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
}  # fmt: skip
"""Where each failpoint is passed."""

ON_SQLITE: Final = "append.before_commit"
"""On PostgreSQL the append is one statement: no step of ours lies before its commit."""


class Case(NamedTuple):
    """A system in which one failpoint is armed."""

    system: System
    deployed: Deployed
    ledger: Ledger


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


@pytest.fixture
def case(request: pytest.FixtureRequest, zygote: Zygote, kafka: str, tmp_path: Path) -> Case:
    """A deployment on PostgreSQL; on SQLite if the test says so."""
    settings = Settings(home=tmp_path, kafka=kafka, port=_free_ports(1)[0])
    if ON_SQLITE not in request.node.name:
        url = request.getfixturevalue("postgres")
        settings = settings.model_copy(
            update=dict.fromkeys(("store", "read_models", "control"), url)
        )
    deployed = Deployed(settings)
    system = System(zygote, settings, deployed.topics, ports=[settings.port])
    return Case(system, deployed, Ledger())


def test_every_failpoint_of_the_code_is_in_the_table() -> None:
    named = re.compile(r'failpoint\("([a-z_.]+)"\)')
    found = [
        name
        for file in PROJECT.glob("services/**/*.py")
        for name in named.findall(file.read_text())
    ]

    assert sorted(found) == sorted(name for names in TABLE.values() for name in names)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["api 1"])
def test_an_append(case: Case, name: str, act: str) -> None:
    with at_work(case, "api 1", f"{name}={act}@2"):
        key = Keys(case.deployed.control).create("test", "publisher")
        publisher = Publisher(iter(()), case.system.ports, key, case.ledger, Pace(0))
        for wave in waves():
            publisher.report(wave)
        publisher.hang_up()

    if act == "raise":  # an error of ours is told as such, and the repeat clears it up
        case.ledger.complaints[:] = [c for c in case.ledger.complaints if "answered 500" not in c]
    assert wrong(case, "api 1") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["relay"])
def test_a_relay(case: Case, name: str, act: str) -> None:
    with at_work(case, "relay", f"{name}={act}@2"):
        record(case)

    assert wrong(case, "relay") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["tickets 1"][:3])
def test_a_projector(case: Case, name: str, act: str) -> None:
    with at_work(case, "tickets 1", f"{name}={act}@2"):
        record(case)

    assert wrong(case, "tickets 1") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["tickets 1"][3:])
def test_a_projector_that_parks(case: Case, name: str, act: str) -> None:
    with at_work(case, "tickets 1", f"project.before_commit=raise,{name}={act}@1"):
        parked(case)
        assert case.system.run("retry tickets") == 0

    assert wrong(case, "tickets 1") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["retry tickets"])
def test_a_retry(case: Case, name: str, act: str) -> None:
    with at_work(case, "tickets 1", "project.before_commit=raise"):
        parked(case)
        ends_as_told(case, "retry tickets", name, act)

    assert wrong(case, "retry tickets") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["rebuild tickets"])
def test_a_rebuild(case: Case, name: str, act: str) -> None:
    with at_work(case, "tickets 1", ""):
        first, *others = waves()
        report(case, first)
        assert case.system.comes_to_rest("tickets") == []
        report(case, others[0])
        ends_as_told(case, "rebuild tickets", name, act)
        for wave in others[1:]:
            report(case, wave)

    assert wrong(case, "rebuild tickets") == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", TABLE["inbox"])
def test_an_inbox(case: Case, name: str, act: str) -> None:
    with at_work(case, "inbox", f"{name}={act}@2"):
        report(case, foundation())
        for wave in range(WAVES):
            events = [
                message(f"m{wave}-{n}", f"all-{n % 3}" if n % 7 else "nobody", n) for n in range(60)
            ]
            case.ledger.sent.update(event["id"] for event in events)
            case.ledger.bad.update(e["id"] for e in events if e["subject"] == "ticket/nobody")
            places = send(case.deployed, [structured(event) for event in events])
            for event, place in zip(events, places, strict=True):
                case.ledger.taken[event["id"]] = [place]
            if wave == 0:
                assert eventually(lambda: is_done(case.deployed))  # one page by itself

    assert wrong(case, "inbox") == []


@contextmanager
def at_work(case: Case, part: str, failpoints: str) -> Iterator[None]:
    """Run a system with failpoints armed in one part; its end is when all has arrived."""
    system = case.system
    with case.deployed.opened:
        case.deployed.create_topics()
        assert case.deployed.desk.store.head() == 0
        with system.kept():
            for name in ("relay", "tickets 1"):
                if name != part:
                    system.start(name)
            system.start(part, failpoints)
            yield
            case.ledger.complaints += system.comes_to_rest("tickets")


def wrong(case: Case, part: str) -> list[str]:
    """List what is wrong in the end; that nothing was armed would be wrong too."""
    log = (case.system.settings.home / f"{part.replace(' ', '-')}.log").read_text()
    with (deployed := Deployed(case.system.settings, case.system.topics)).opened:
        found = violations(deployed, case.ledger, "tickets")
    return found if '"event":"failpoint"' in log else [*found, "the failpoint was not passed"]


def waves() -> list[Events]:
    """Tell a short story, in parts."""
    told = story("p", seed=7)
    return [foundation(), *(next(told) for _ in range(WAVES))]


def record(case: Case) -> None:
    """Report the story bit by bit; the first bit is folded by itself."""
    for number, wave in enumerate(waves()):
        report(case, wave)
        if number == 0:
            assert case.system.comes_to_rest("tickets") == []
        time.sleep(0.1)


def report(case: Case, events: Events) -> None:
    """Report events through a desk of the test's own."""
    desk = case.deployed.desk
    case.ledger.sent.update(event["id"] for event in events)
    reports = [read_cloud_event(orjson.dumps(event), desk.resolve) for event in events]
    for event, receipt in zip(events, desk.record(reports), strict=True):
        case.ledger.answered(event["id"], asdict(receipt))


def parked(case: Case) -> None:
    """Let the projector park what it meets, and start it again when it did."""
    for wave in waves():
        report(case, wave)
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
