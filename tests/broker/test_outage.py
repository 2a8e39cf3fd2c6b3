"""The broker is away for a minute, PostgreSQL is started again, both under load: what is accepted
is kept, what waits is said, and all of it arrives once.
"""

import http.client
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from services.bus import Topics
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.modes import BATCHED
from services.relay.status import status
from services.security import Keys
from services.stack import Postgres, down, postgres_of, up
from tests.broker.deployed import PROJECT, Apart, Deployed, end, eventually, history
from tests.broker.inboxes import recorded
from tests.broker.loads import Load
from tests.broker.test_relay_at_work import resident

pytestmark = [pytest.mark.broker, pytest.mark.slow]

AWAY: Final = 60.0
"""Seconds without a broker."""

WRITERS: Final = 4


def test_a_minute_without_a_broker_costs_no_report_and_is_made_good_in_less(
    apart: Apart, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed, broker = apart
    events = history(companies=40, tickets=5, messages=100)
    relay = deployed.start("relay")
    for name in PROJECTIONS:
        deployed.start(name)
    head = deployed.report(events[:2_000])
    assert all(deployed.has_arrived(name, head) for name in PROJECTIONS)
    before = resident(relay)
    # It writes once a second how it is: what it said while it connected would pass for
    # what it says of the broker's end.
    assert eventually(lambda: told(deployed)["state"] == "running")

    with Load(deployed, events[2_000:], pause=0.1) as load:
        deployed.arrival.close()  # it asks again, and the client would leave sockets behind
        broker.kill()
        killed = time.monotonic()
        assert eventually(lambda: told(deployed)["state"] == "waiting_for_broker", 10)
        seen = []
        while time.monotonic() - killed < AWAY:
            time.sleep(2)
            seen.append(told(deployed))
        grown = resident(relay) - before
        assert load.goes_on
        waited = deployed.desk.store.head()
        broker.start()
        back = time.monotonic()
        assert all(deployed.has_arrived(name, waited) for name in PROJECTIONS)
        made_good = time.monotonic() - back

    head = deployed.desk.store.head()
    assert all(deployed.has_arrived(name, head) for name in PROJECTIONS)
    with capsys.disabled():
        print(
            f"\n{waited - 2_000} events waited {AWAY:.0f} s for the broker, and arrived "
            f"within {made_good:.1f} s; the relay grew by {grown / 2**20:.1f} MiB"
        )
    assert head == len(events)
    assert made_good < AWAY
    assert grown < 20 * 2**20
    assert {each["state"] for each in seen} == {"waiting_for_broker"}
    lags = [(each["lag_events"], each["lag_seconds"]) for each in seen]
    assert lags == sorted(lags)
    assert lags[-1][1] > AWAY - 10
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()
    assert deployed.digests() == deployed.embedded_digests()


@pytest.mark.parametrize("ended_by", ["stop", "kill"])
def test_postgresql_is_started_again_under_load_and_writers_are_told_to_repeat(
    tmp_path: Path, ended_by: str
) -> None:
    stack = up(tmp_path, brokers=1, heap="96m", durable=True)
    assert stack.postgres
    server = postgres_of(tmp_path)
    settings = Settings(
        home=tmp_path, kafka=stack.kafka, port=free_port(),
        store=stack.postgres, read_models=stack.postgres, control=stack.postgres,
    )  # fmt: skip
    deployed = Deployed(settings, Topics())
    events = history(companies=6, tickets=WRITERS, messages=80)
    first = 6 + 6 + 6 * WRITERS
    try:
        with deployed.opened:
            deployed.create_topics()
            deployed.report(events[:first])
            key = Keys(deployed.control).create("outage", "publisher")
            processes = [serve(deployed, "api"), serve(deployed, "relay")]
            processes += [serve(deployed, "projector", name) for name in PROJECTIONS]
            writers = [
                Writer(settings.port, key, [e for e in events[first:] if is_of(e, number)])
                for number in range(WRITERS)
            ]
            for writer in writers:
                writer.start()
            for _ in range(2):
                some = sum(writer.told for writer in writers) + 200
                assert eventually(partial(have_told, writers, some))
                start_again(server, ended_by)
            for writer in writers:
                writer.join()
            deployed.desk.store.close()
            again = Deployed(settings, Topics())
            with again.opened:
                head = again.desk.store.head()
                assert head == len(events)
                assert recorded(again).most_common(1)[0][1] == 1
                assert all(again.has_arrived(name, head) for name in PROJECTIONS)
                assert again.digests() == again.embedded_digests()
            answers = sum((writer.answers for writer in writers), Counter())
            assert [process.poll() for process in processes] == [None] * len(processes)
            assert answers["unavailable"] > 0
            assert set(answers) <= {"accepted", "duplicate", "unavailable"}
    finally:
        down(tmp_path)


class Writer(threading.Thread):
    """Reports over HTTP, and repeats what it is told to repeat."""

    def __init__(self, port: int, key: str, events: Sequence[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._events = events
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": BATCHED}
        self.answers: Counter[str] = Counter()
        self.told = 0

    def run(self) -> None:
        for start in range(0, len(self._events), 3):
            chunk = [{"specversion": "1.0", **each} for each in self._events[start : start + 3]]
            while not self._is_taken(chunk):
                time.sleep(0.05)
            self.told += len(chunk)

    def _is_taken(self, chunk: Sequence[dict[str, Any]]) -> bool:
        """Say whether the API took it; it must answer, and clearly."""
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        with closing(line):
            try:
                line.request("POST", "/v1/events", orjson.dumps(chunk), self._headers)
            except ConnectionRefusedError:
                return False  # it has just been started
            answer = line.getresponse()
            said = orjson.loads(answer.read())
        if answer.status == 503:
            self.answers[said["code"]] += 1
            return False
        self.answers.update(
            receipt["status"] for receipt in said.get("receipts", [{"status": answer.status}])
        )
        return answer.status == 200


def have_told(writers: Sequence[Writer], count: int) -> bool:
    return sum(writer.told for writer in writers) >= count


def start_again(server: Postgres, ended_by: str) -> None:
    """End PostgreSQL in good order or by force, and start it after a while."""
    server.stop() if ended_by == "stop" else server.kill()
    time.sleep(2)
    server.start()


def serve(deployed: Deployed, *what: str) -> "subprocess.Popen[bytes]":
    """Run ``longcase serve``, as operators do."""
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "serve", *what],
        cwd=PROJECT, env=deployed.settings.environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deployed.opened.callback(end, process)
    return process


def is_of(event: dict[str, Any], writer: int) -> bool:
    return str(event["subject"]).endswith(f"-{writer}")


def told(deployed: Deployed) -> dict[str, Any]:
    return status(deployed.desk.store)


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
