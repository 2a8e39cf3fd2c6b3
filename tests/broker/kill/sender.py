"""A publisher that sends its events by Kafka, good ones and bad ones.

The client has a process of its own: a killed broker makes it leave sockets behind.  In go
events, a window a line; out comes where the records of each stand, once all are acknowledged.
"""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import count
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from services.modes import STRUCTURED
from tests.broker.deployed import PROJECT
from tests.broker.kill.ledger import Ledger, Pace
from tests.broker.kill.stories import Events, message

WINDOW: Final = 60
"""Records that are put into the inbox before their acknowledgement is waited for."""

BAD: Final = 97
"""One in so many is for a ticket that nobody opened."""

AGAIN: Final = 0.1
"""Seconds until a broker that is away is looked for again."""


class Sender(threading.Thread):
    """Sends window after window, as long as the pace allows more."""

    def __init__(self, name: str, servers: str, topic: str, ledger: Ledger, pace: Pace) -> None:
        super().__init__(daemon=True)
        self._name = name
        self._ledger = ledger
        self._pace = pace
        self._command = [sys.executable, "-m", "tests.broker.kill.sender", servers, topic]

    def run(self) -> None:
        """Send, and note what was taken."""
        numbers = count(1)
        with subprocess.Popen(
            self._command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as client:
            assert client.stdin
            assert client.stdout
            while self._pace.take(WINDOW):
                window = [self._event(next(numbers)) for _ in range(WINDOW)]
                self._ledger.sent.update(event["id"] for event in window)
                client.stdin.write(json.dumps(window) + "\n")
                client.stdin.flush()
                for event_id, part, offset in json.loads(client.stdout.readline()):
                    self._ledger.taken.setdefault(event_id, []).append((part, offset))

    def _event(self, number: int) -> dict[str, Any]:
        name, is_bad = f"{self._name}-{number}", number % BAD == 0
        if is_bad:
            self._ledger.bad.add(name)
        return message(name, "nobody" if is_bad else f"all-{number % 3}", number)


def main(servers: str, topic: str) -> None:
    """Put windows into the inbox until there are no more, or nobody waits for them."""
    started_by = os.getppid()
    for line in sys.stdin:
        left: dict[str, Any] = {event["id"]: event for event in json.loads(line)}
        places = []
        while left and os.getppid() == started_by:
            for event_id, *place in _sent(servers, topic, list(left.values())):
                places.append((event_id, *place))
                left.pop(event_id)
        print(json.dumps(places), flush=True)


def _sent(servers: str, topic: str, events: Events) -> list[tuple[str, int, int]]:
    """Send by a client of its own; list what was acknowledged."""
    try:
        producer = KafkaProducer(
            bootstrap_servers=servers, acks="all", linger_ms=5, reconnect_backoff_max_ms=500
        )
    except KafkaError:
        time.sleep(AGAIN)
        return []
    headers = [("content-type", STRUCTURED.encode())]
    done = []
    try:
        waiting = [
            (event["id"], producer.send(topic, json.dumps(event).encode(), headers=headers))
            for event in events
        ]
        for event_id, future in waiting:
            place = future.get(timeout=20)
            done.append((event_id, place.partition, place.offset))
    except KafkaError:
        time.sleep(AGAIN)
    finally:
        with suppress(Exception):
            producer._sender.force_close()
        with suppress(Exception):
            producer.close(timeout=5)
    return done


if __name__ == "__main__":
    main(*sys.argv[1:])
