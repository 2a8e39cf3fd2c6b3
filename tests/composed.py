"""docker-compose.yml, read as Compose reads it."""

from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).parent.parent
FILE: Final = ROOT / "docker-compose.yml"
OTHERS: Final = ("kafka", "postgres")
"""Services that run what is not ours."""


def composed() -> dict[str, Any]:
    """Read the file; anchors and merged keys are put in."""
    found: dict[str, Any] = YAML(typ="safe").load(FILE)
    return found


def ours() -> dict[str, dict[str, Any]]:
    """Read the services that run a command of ours."""
    services = composed()["services"]
    return {name: service for name, service in services.items() if name not in OTHERS}


def commands() -> dict[str, list[str]]:
    """List what each service of ours runs, as it is written."""
    return {name: service["command"] for name, service in ours().items()}
