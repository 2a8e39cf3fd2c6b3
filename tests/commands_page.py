"""docs/commands.md: the help of every command, made from the commands themselves."""

import re
from typing import Final

from services.cli.commands import EPILOGUE, build

HEAD: Final = f"""# Commands

Made from the help of the commands; `make docs` writes it anew.

- **Printed**: a table on a terminal, plain text in a pipe; `--json` prints one document, `--jsonl`
  one on each line. Progress, notes and errors go to standard error.
- **{EPILOGUE.partition(":")[0]}**:{EPILOGUE.partition(":")[2]}
  Ctrl-C ends with 130, a pipe whose reader has gone with 141.
- **Times**: RFC 3339 with a zone, or a date, which means its midnight UTC. Printed times are UTC.
- **Where**: `LONGCASE_HOME`, a folder, or what the other settings name: `longcase config show`.
  `NO_COLOR` is obeyed. With `LONGCASE_DEBUG=1` an error shows where it comes from.
"""

STARTED: Final = (r"^(longcase [a-z ]+) -m [\w.]+", r"\1")
"""Cyclopts puts into the usage of a command's own commands how Python was started."""


def commands_page() -> str:
    """Make the page."""
    made = build().generate_docs(output_format="markdown", usage_name="longcase")
    contents = made[made.index("**Find and read**") : made.index("## longcase companies")]
    commands = made[made.index("## longcase companies") :]
    return f"{HEAD}\n{_plain(contents)}{_plain(commands)}".rstrip() + "\n"


def _plain(markdown: str) -> str:
    """Write lists as the other pages do, and without trailing blanks."""
    for pattern, instead in ((r"^\* ", "- "), (r"[ \t]+$", ""), STARTED):
        markdown = re.sub(pattern, instead, markdown, flags=re.MULTILINE)
    return markdown
