"""Every command by name, in the order that help shows them; each is imported when it is needed."""

from typing import Any, Final

from cyclopts import App, Group, Parameter

from services.cli.errors import OK, Usage

LOOK: Final = Group.create_ordered("Find and read")
TELL: Final = Group.create_ordered("Tell what happened")
KEEP: Final = Group.create_ordered("Keep it running")
MACHINE: Final = Group.create_ordered("This machine")

COMMANDS: Final = (
    (LOOK, "companies", "find:companies"),
    (LOOK, "tickets", "find:tickets"),
    (LOOK, "briefing", "briefing:briefing"),
    (LOOK, "timeline", "timeline:timeline"),
    (LOOK, "replay", "replay:replay"),
    (LOOK, "diff", "replay:diff"),
    (LOOK, "handoff", "handoff:handoff"),
    (LOOK, "who-knew", "who_knew:who_knew"),
    (LOOK, "promises", "promises:promises"),
    (LOOK, "portfolio", "portfolio:portfolio"),
    (LOOK, "duplicates", "duplicates:duplicates"),
    (TELL, "publish", "publish:publish"),
    (TELL, "report", "report:report"),
    (TELL, "import", "importing:import_log"),
    (KEEP, "run", "run:run"),
    (KEEP, "serve", "serve:serve"),
    (KEEP, "keys", "keys:keys"),
    (KEEP, "projections", "parked:projections"),
    (KEEP, "relay", "relay:relay"),
    (KEEP, "export", "safety:export"),
    (KEEP, "backup", "safety:backup"),
    (KEEP, "restore", "safety:restore"),
    (MACHINE, "doctor", "doctor:doctor"),
    (MACHINE, "config", "settings:config"),
    (MACHINE, "stack", "stack:stack"),
    (MACHINE, "bench", "bench:bench"),
)
"""Group, name, and where the command is."""

HELP: Final = """Every customer's whole support history, as one timeline that remembers.

A first look: longcase run --sample
"""

EPILOGUE: Final = (
    "Exit codes: 0 ok, 1 a check failed, 2 usage, 3 conflict or refused, 4 unavailable."
)


def build() -> App:
    """Make the application, its commands not imported yet."""
    app = App(
        name="longcase",
        help=HELP,
        help_epilogue=EPILOGUE,
        help_format="markdown",
        version=_version,
        default_parameter=Parameter(negative=(), show_default=_worth_showing),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for order, (group, name, place) in enumerate(COMMANDS):
        app.command(f"services.cli.{place}", name=name, group=group, sort_key=order)
    app["--help"].group = app["--version"].group = MACHINE
    return app


def run(tokens: list[str]) -> int:
    """Run the command that *tokens* name, and return its exit code."""
    for word in tokens:
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise Usage(f"{word.encode(errors='replace').decode()!r} is not UTF-8")
    app = build()
    if not tokens or tokens[0] in ("--help", "-h"):
        app.help_format = "plaintext"  # to read Markdown takes longer than all the rest
        for _, name, _ in COMMANDS:
            _ = app[name]  # the list of commands shows what each does
    if tokens[:1] == ["publish"]:
        tokens = [word for word in tokens if word != "-"]  # what it reads by default
    result: Any = app(tokens)
    return result if isinstance(result, int) else OK


def _version() -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version("longcase")
    except importlib.metadata.PackageNotFoundError:
        return "unknown: this checkout is not installed; make run installs it"


def _worth_showing(default: Any) -> Any:
    return default if isinstance(default, str | int) and not isinstance(default, bool) else None
