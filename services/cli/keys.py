"""`longcase keys`: who may use the API."""

from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import App, Parameter

from services.cli import local
from services.cli.errors import NotThere, Usage
from services.cli.kinds import Days, bare
from services.cli.show import TEXT, Columns, Output, document, line, note, table, when

if TYPE_CHECKING:
    from services.security import KeyInfo

Role = Literal["publisher", "agent", "auditor", "admin", "customer"]

keys = App(name="keys", help="API keys: make, list and revoke them.")

COLUMNS: Final[Columns] = {
    "Key": lambda k: k["prefix"],
    "Role": lambda k: k["role"],
    "State": lambda k: k["state"],
    "Created (UTC)": lambda k: when(k["created_at"]),
    "Expires (UTC)": lambda k: when(k["expires_at"]) or "never",
    "Companies": lambda k: ", ".join(k["companies"]) or "all",
    "Sources": lambda k: ", ".join(k["sources"]) or "any",
    "Name": lambda k: k["name"],
}


@keys.command
def create(
    name: str,
    /,
    *,
    role: Role,
    company: Annotated[tuple[str, ...], Parameter(metavar="COMPANY")] = (),
    source: Annotated[tuple[str, ...], Parameter(metavar="SOURCE")] = (),
    days: Days = None,
    output: Output = TEXT,
) -> None:
    """Make a key and print it, alone on standard output, the only time it is ever seen.

    Args:
        name: Whose key it is, or what for; it stands in the read audit.
        role: What the key may do. A publisher reports, an agent reports and reads, an auditor
            reads everything, an admin operates, a customer reads what is public of its company.
        company: The key may read this company only; may be repeated.
        source: The key may publish for this source only; may be repeated.
        days: How long it is valid; until it is revoked, if not given.
    """
    companies = tuple(bare("company", each) for each in company)
    with local.deployed() as deployment:
        try:
            key = deployment.keys.create(name, role, companies, source, days)
        except ValueError as error:
            raise Usage(str(error)) from None
        unknown = [each for each in companies if not deployment.log.company_exists(each)]
    if output.form != "text":
        document({"name": name, "role": role, "key": key})
        return
    print(key)
    note("keep it safe: it is not shown again")
    for each in unknown:
        note(f"no company {each} is registered yet: until it is, the key reads nothing of it")


@keys.command(name="list")
def list_keys(*, output: Output = TEXT) -> None:
    """List the keys, never the secret in them."""
    with local.deployed() as deployment:
        found = [_told(key) for key in deployment.keys.all()]
    table(found, COLUMNS, output, "there is no key; longcase keys create makes one")


@keys.command
def revoke(key: str, /) -> None:
    """Revoke a key for ever.

    Args:
        key: Its beginning, as longcase keys list shows it, or its name: then all keys of that
            name are revoked.
    """
    with local.deployed() as deployment:
        count = deployment.keys.revoke(_prefix(key))
    if not count:
        raise NotThere(f"no valid key is called {_prefix(key)}; longcase keys list shows them")
    line(f"revoked {count} key{'s' if count > 1 else ''}")


def _prefix(key: str) -> str:
    """Take the prefix of a whole key, should somebody type one."""
    parts = key.split("_")
    return parts[1] if parts[0] == "lc" and len(parts) > 1 else key


def _told(key: "KeyInfo") -> dict[str, object]:
    import time

    from domain.values import moment, rfc3339

    def said(micros: int | None) -> str | None:
        return None if micros is None else rfc3339(moment(micros))

    is_over = key.expires_at is not None and key.expires_at < time.time_ns() // 1000
    return {
        "prefix": key.prefix, "name": key.name, "role": key.role,
        "state": "revoked" if key.revoked_at else "expired" if is_over else "valid",
        "companies": list(key.companies), "sources": list(key.sources),
        "created_at": said(key.created_at), "expires_at": said(key.expires_at),
        "revoked_at": said(key.revoked_at),
    }  # fmt: skip
