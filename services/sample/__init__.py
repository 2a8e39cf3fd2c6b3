"""The history that ships: a written company story, and a part of a real incident log.

`README.md` beside this file says whose it is, and what was changed.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

STORY: Final[Traversable] = files(__name__) / "story.jsonl"
"""CloudEvents, one on each line, in the order in which they are to be recorded."""

UCI: Final[Traversable] = files(__name__) / "uci498.csv.gz"
"""Incidents of seven sites from UCI 498."""

MAPPING: Final[Traversable] = files("services.adapters") / "mappings" / "servicenow-uci498.toml"
"""How `UCI` becomes events."""

FACTS: Final[Traversable] = files(__name__) / "facts.json"
"""Figures of both, which tests hold them to."""
