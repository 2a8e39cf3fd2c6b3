"""Write the pages and schemas that are made from the code; ``--check`` names what differs.

A schema of an older version of an event is a file that never changes: it is not written here,
and the check demands that it is there.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from domain.events import TYPES
from domain.events.schema import Schema, schema_of, schema_of_envelope
from services.api import asyncapi
from tests.commands_page import commands_page
from tests.events_page import events_page
from tests.figures_table import with_figures

ROOT: Final = Path(__file__).parent.parent
SCHEMAS: Final = "docs/schemas"


def pages() -> dict[str, str]:
    """Make every generated file: where it stands, and what stands in it."""
    return {
        "docs/commands.md": commands_page(),
        "docs/events.md": events_page(),
        "docs/performance.md": with_figures(ROOT),
        "docs/asyncapi.json": _written(asyncapi.document()),
        f"{SCHEMAS}/envelope.json": _written(schema_of_envelope()),
        **{
            f"{SCHEMAS}/{name}/{model.VERSION}.json": _written(schema_of(model))
            for name, model in TYPES.items()
        },
    }


def frozen() -> set[str]:
    """List the schemas of older versions, which must be there and stay as they are."""
    return {
        f"{SCHEMAS}/{name}/{version}.json"
        for name, model in TYPES.items()
        for version in range(1, model.VERSION)
    }


def differences(root: Path = ROOT) -> Iterator[str]:
    """Name every file that is not what the code makes, is missing or is there without cause."""
    made = pages()
    for name, text in made.items():
        if not (root / name).exists():
            yield f"{name} is missing"
        elif (root / name).read_text(encoding="utf-8") != text:
            yield f"{name} is not what the code makes"
    for name in sorted(frozen()):
        if not (root / name).exists():
            yield f"{name} is missing: of an older version, kept, never made"
    kept = made.keys() | frozen()
    for path in sorted((root / SCHEMAS).rglob("*.json")):
        if (name := path.relative_to(root).as_posix()) not in kept:
            yield f"{name} belongs to no event"


def write(root: Path = ROOT) -> Iterator[str]:
    """Write what differs, and name it."""
    for name, text in pages().items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            yield f"{name} written"


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` compare them; 1 if something differs."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m tests.generate [--check]", file=sys.stderr)
        return 2
    if not arguments:
        print("\n".join(write()) or "All is as the code makes it.")
    found = list(differences())
    for difference in found:
        print(difference, file=sys.stderr)
    if found and arguments:
        print("To write them anew: make docs", file=sys.stderr)
    return 1 if found else 0


def _written(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
