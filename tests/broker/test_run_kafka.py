"""`longcase run --bus kafka`: a broker, a relay and the projectors, as a newcomer starts them."""

import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from services.catalogue import PROJECTIONS
from services.config import Settings
from services.readmodel import EMBEDDED, ReadModels
from tests import cli_words
from tests.cli_words import Longcase, cloud, started

pytestmark = [pytest.mark.broker, pytest.mark.slow]

longcase = cli_words.longcase


def eventually_follows_kafka(home: Path) -> None:
    """Wait until Kafka's projectors have taken the read models over."""
    until = time.monotonic() + 60
    with closing(ReadModels(Settings(home=home).read_models)) as models:
        while time.monotonic() < until:
            marks = [models.marks(models.view(p)).get(EMBEDDED) for p in PROJECTIONS.values()]
            if all(mark and mark.topic_id for mark in marks):
                return
            time.sleep(0.1)


def test_what_is_published_travels_over_a_real_kafka_and_all_of_it_ends_with_ctrl_c(
    longcase: Longcase, tmp_path: Path
) -> None:
    with started(tmp_path / "home", "run", "--bus", "kafka", "--port", "0") as process:
        assert process.stdout
        first = process.stdout.readline()
        assert "Events travel over Kafka at 127.0.0.1:" in first, process.communicate()[1]
        eventually_follows_kafka(tmp_path / "home")
        opened = cloud("company.registered", "company/acme", "1", "2026-11-02T08:00:00Z", name="A")
        assert longcase("publish", stdin=opened).code == 0
        until = time.monotonic() + 60
        while not longcase("companies", "--json").json and time.monotonic() < until:
            time.sleep(0.2)
        found = longcase("companies", "--json").json
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert [company["company_id"] for company in found] == ["acme"]
    assert process.returncode == 0
    assert said.endswith("ending Kafka\nstopped; everything is kept\n")
    assert (tmp_path / "home" / "logs" / "projector-timeline.log").exists()
    assert "running" not in longcase("stack", "status").out

    # What followed Kafka is taken back by the embedded projector, and by whoever asks for it.
    assert longcase("projections", "rebuild", "all").code == 0
    assert (
        longcase("report", "company.fact_learned", "acme", "fact_key=os", "value=Linux").code == 0
    )
    assert len(longcase("timeline", "acme", "--jsonl").jsonl) == 2
