"""Publishers over HTTP: what is in doubt they repeat until it is clear."""

import http.client
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from services.modes import BATCHED, STRUCTURED
from tests.broker.deployed import PATIENCE
from tests.broker.kill.ledger import Ledger, Pace
from tests.broker.kill.stories import Events

AGAIN: Final = 0.05
"""Seconds until what got no answer is repeated."""

REPEATED: Final = 0.03
"""The part of the batches that is sent again although it was acknowledged."""


class Publisher(threading.Thread):
    """One service that reports what it sees over HTTP."""

    def __init__(
        self, batches: Iterator[Events], ports: Sequence[int], key: str, ledger: Ledger, pace: Pace
    ) -> None:
        super().__init__(daemon=True)
        self._batches = batches
        self._ports = ports
        self._key = key
        self._ledger = ledger
        self._pace = pace
        self._chance = random.Random(key)
        self.patience = PATIENCE
        self._line: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Report batch after batch, as long as the pace allows more."""
        try:
            for batch in self._batches:
                if not self._pace.take(len(batch)):
                    break
                self.report(batch)
                if self._chance.random() < REPEATED:
                    self.report(batch)
        except Exception as error:  # noqa: BLE001  whoever looks at the ledger is told
            self._ledger.complaints.append(f"a publisher gave up: {error!r}")
        finally:
            self.hang_up()

    def report(self, batch: Events) -> None:
        """Report until an answer comes, and note it."""
        self._ledger.sent.update(event["id"] for event in batch)
        until = time.monotonic() + self.patience
        while (receipts := self._post(batch)) is None:
            self._ledger.doubts += 1
            if time.monotonic() > until:
                raise TimeoutError(f"no answer to a batch within {self.patience:.0f} s")
            time.sleep(AGAIN)
        for event, receipt in zip(batch, receipts, strict=True):
            self._ledger.answered(event["id"], receipt)

    def _post(self, batch: Events) -> list[dict[str, Any]] | None:
        single = len(batch) == 1
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": STRUCTURED if single else BATCHED,
        }
        body = orjson.dumps(batch[0] if single else batch)
        try:
            if self._line is None:
                port = self._chance.choice(self._ports)
                self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            self._line.request("POST", "/v1/events", body, headers)
            answer = self._line.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            return None
        if answer.status not in (200, 201, 503):
            self._ledger.complaints.append(f"answered {answer.status}: {said[:300]!r}")
        if answer.status not in (200, 201):
            self.hang_up()  # the other one may do better
            return None
        receipts = orjson.loads(said)
        return [receipts] if single else list(receipts["receipts"])

    def hang_up(self) -> None:
        """Close the line."""
        if self._line:
            self._line.close()
            self._line = None
