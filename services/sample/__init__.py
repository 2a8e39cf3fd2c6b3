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

NOTES: Final = {
    "longcase-sample": (
        "A written story: Acme Broadcast, its people and its products are invented."
    ),
    "servicenow-uci498": (
        "Real history: a part of the incident log UCI 498 by C. Amaral, M. Fantinato and S. Peres "
        "(CC BY 4.0, changed). The log has no companies: a site stands for one."
    ),
}
"""What a company's page says, by the system of an external id of the company."""

STAFF: Final = {
    "anouk": "Anouk Verhoeven",
    "bruno": "Bruno Leclercq",
    "gita": "Gita Raman",
    "helena": "Helena Brandt",
    "kofi": "Kofi Mensah",
    "mia": "Mia Larsen",
    "noor": "Noor el Amrani",
    "priya": "Priya Nair",
    "sam": "Sam Whitfield",
    "tom": "Tom Eriksen",
}
"""Our people in the written story; names of staff live in the control store, not in events."""
