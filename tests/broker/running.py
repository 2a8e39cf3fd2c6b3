"""One process of the distributed system, for tests that kill it: ``relay``, ``republish``
or a projection.

Settings come from the environment; SIGTERM stops it in good order.
"""

import os
import signal
import sys
from threading import Event

from services.bus import Topics, brokers_of
from services.config import Settings
from services.failpoints import VARIABLE, arm
from services.processes import serve_projector, serve_relay
from services.relay import republish


def main(name: str, prefix: str) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    arm(os.environ.get(VARIABLE, ""))
    if name == "relay":
        serve_relay(Settings(), stop, Topics(prefix))
    elif name == "republish":
        settings = Settings()
        republish(settings.store, brokers_of(settings), Topics(prefix))
    else:
        serve_projector(Settings(), name, stop, Topics(prefix))


if __name__ == "__main__":
    main(*sys.argv[1:])
