"""Nothing leaks: all routes, asked by every kind of key, over a history full of marked secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from domain.events import TYPES, Event
from domain.events import account as a
from domain.events import company as c
from domain.events import ticket as t
from domain.events import ties as x
from projections.timeline_filter import Filter
from services.api.app import create_app
from services.config import Settings
from services.deployment import Deployment
from services.receipts import Receipt
from services.security import Identity, Role
from services.wire import Report
from services.witness import Witness
from tests.examples import at
from tests.markers import Secrets
from tests.reports import (
    adopted,
    affiliated,
    introduced,
    merged,
    opened,
    registered,
    replied,
    report,
    united,
    wrote,
)  # fmt: skip

ACME, OLD, SUB, BOLT = "acme", "acme-old", "acme-sub", "bolt"
COMPANIES: Final = (ACME, OLD, SUB, BOLT)
VISIBILITIES: Final = ("internal", "restricted")

PLACED: Final = (
    a.CompaniesMerged, a.CompanyMergeReverted, a.CompanyParentSet, a.CompanySubsidiaryAdded,
    a.CompanySubsidiaryRemoved, c.CompanyRegistered, t.TicketsMerged, t.TicketMergeReverted,
    t.TicketMovedAway, x.TicketSplit, t.TicketOpened,
)  # fmt: skip
"""What joins or parts streams is told in its place; all other types one after the other."""

APART: Final = ("escalation_id", "entitlement_id", "installation_id", "contract_id", "fact_key")
"""Names of things that are one thing in each visibility."""

ENDING: Final = (t.TicketResolved, t.TicketClosed)

KEYS: Final[dict[str, tuple[Role, tuple[str, ...]]]] = {
    "agent": ("agent", ()),
    "acme-agent": ("agent", (ACME,)),
    "old-agent": ("agent", (OLD,)),
    "bolt-agent": ("agent", (BOLT,)),
    "acme-auditor": ("auditor", (ACME,)),
    "sub-auditor": ("auditor", (SUB,)),
    "auditor": ("auditor", ()),
    "customer": ("customer", (ACME,)),
    "bolt-customer": ("customer", (BOLT,)),
}


OPENLY: Final = ("company.profile_changed changes", "company.domain_claimed domain")
"""What a company is called and known by: told to all who may read of it."""


def secret_to(who: str) -> Callable[[str], bool]:
    """Say what a key may never read, of secrets called ``company/visibility type field``."""
    role, bound = KEYS[who]
    closed = {"agent": ("restricted",), "auditor": (), "customer": VISIBILITIES}[role]

    def is_secret(whose: str) -> bool:
        place, field = whose.split(" ", 1)
        company, visibility = place.split("/")
        if field.startswith(OPENLY):
            visibility = "public"
        return visibility in closed or (bool(bound) and company not in bound)

    return is_secret


class World:
    """Four companies of which everything was said, and who reads of them."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.secrets = Secrets()
        self.ids: list[str] = []
        self.tickets: set[str] = set()
        self.last: dict[str, str] = {}
        self._begin()
        for company in COMPANIES:
            for visibility in VISIBILITIES if company == ACME else ("internal",):
                self._of_company(company, visibility)
                self._of_tickets(company, visibility)
        self._join()
        deployment.catch_up()

    def tell(self, *reports: Report) -> list[Receipt]:
        """Record what must be taken."""
        receipts = self.deployment.desk.record(reports)
        assert {receipt.status for receipt in receipts} == {"accepted"}, receipts
        for receipt in receipts:
            self.ids.append(str(receipt.event_id))
            kind, local_id = receipt.stream_id.split("/", 1)
            if kind == "ticket":
                self.tickets.add(local_id)
                self.last[local_id] = str(receipt.event_id)
        return receipts

    def marked(self, model: type[Event], stream: str, company: str, visibility: str) -> Report:
        """Report one event of a type, in markers, by somebody whose name is one, too."""
        whose = f"{company}/{visibility}"
        fields = self.secrets.marked(model, whose)
        fields |= {name: f"{fields[name]}-{visibility}" for name in APART if fields.get(name)}
        actor = f"agent/{self.secrets.word(f'{whose} {model.TYPE} actor')}"
        event = model.model_validate(fields)
        return report(
            event, stream, visibility=visibility, actor=actor, company=company, at=at("12:00")
        )

    def _begin(self) -> None:
        for company in COMPANIES:
            name = self.secrets.word(f"{company}/public company.registered name")
            self.tell(
                registered(company, name=name, at=at("08:00")), introduced(f"jan-{company}"),
                affiliated(f"jan-{company}", company, title=None, at=at("08:30")),
            )  # fmt: skip

    def _of_company(self, company: str, visibility: str) -> None:
        for model in TYPES.values():
            if model in PLACED or model.stream_kind() not in ("company", "interaction", "survey"):
                continue
            kind = model.stream_kind()
            local = company if kind == "company" else f"{kind}-{company}-{visibility}"
            made = self.marked(model, f"{kind}/{local}", company, visibility)
            self.tell(made)

    def _of_tickets(self, company: str, visibility: str) -> None:
        whole = (("DONE", ()),) if company == ACME else ()
        for name, without in (("OPEN", ENDING), *whole):
            ticket = f"{name}-{company}-{visibility}"
            jan = f"jan-{company}"
            self.tell(opened(ticket, company, subject="Said", description=None, requester_id=jan))
            for model in TYPES.values():
                if model.stream_kind() == "ticket" and model not in (*PLACED, *without):
                    self.tell(self.marked(model, f"ticket/{ticket}", company, visibility))
            self.tell(
                wrote(ticket, contact_id=jan, body="Said.", at=at("13:00")),
                replied(ticket, contact_id=jan, body="Said, too.", at=at("13:30")),
            )
        if company != ACME:
            return
        hidden = f"ticket/HIDDEN-{company}-{visibility}"
        self.tell(self.marked(t.TicketOpened, hidden, company, visibility))
        self.tell(replied(hidden.removeprefix("ticket/"), contact_id=None, body="Said.",
                          at=at("13:40")))  # fmt: skip

    def _join(self) -> None:
        """Merge tickets and companies, and give one a parent."""
        for visibility in VISIBILITIES:
            reason = self.secrets.word(f"{ACME}/{visibility} ticket.merged reason")
            self.tell(merged(f"DONE-{ACME}-{visibility}", f"OPEN-{ACME}-{visibility}",
                             reason=reason, visibility=visibility))  # fmt: skip
        self.tell(adopted(SUB, ACME), united(ACME, OLD, reason=None))


@contextmanager
def world(home: Path, **known: Any) -> Iterator[World]:
    with Deployment(Settings(home=home, **known)) as deployment:
        deployment.catch_up()
        yield World(deployment)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world, on SQLite."""
    with world(tmp_path_factory.mktemp("leaks")) as found:
        yield found


@pytest.fixture(scope="module")
def client(told: World) -> Iterator[TestClient]:
    """The world behind its HTTP door."""
    with TestClient(create_app(told.deployment), base_url="http://localhost") as found:
        yield found


VARIANTS: Final[dict[str, tuple[str, ...]]] = {
    "as_of": ("2026-11-02T12:30:00Z",),
    "known_at": ("2100-01-01T00:00:00Z",),
    "roll_up": ("true",),
    "context": ("true",),
    "step": ("40",),
    "order": ("desc",),
    "q": ("a",),
    "status": ("merged", "resolved"),
    "clock": ("recorded",),
}
"""What else is asked of every route that has the parameter, one at a time."""

NEEDED: Final = {
    "from": "2026-11-02T00:00:00Z",
    "to": "2026-11-03T00:00:00Z",
    "limit": "200",
    "agent": "mia",
    "fact_key": "log_files-restricted",
}
"""What is asked wherever it can be."""

OUTSIDE: Final = ("/livez", "/readyz", "/metrics", "/asyncapi.json", "/v1/schemas", "/v1/events")


def asked(document: dict[str, Any], world: World) -> Iterator[str]:
    """Yield the addresses of all that can be read, with all they can be asked."""
    yield from ("/", *(f"/companies/{one}" for one in COMPANIES))
    yield from (f"/tickets/{one}" for one in sorted(world.tickets))
    for path, known in document["paths"].items():
        if "get" not in known or path.startswith(OUTSIDE):
            continue
        names = {p["name"]: p for p in known["get"].get("parameters", ())}
        for place in _places(world, path):
            base = path.format(company_id=place, ticket_id=place)
            given = [f"{n}={v}" for n, v in NEEDED.items() if n in names]
            if path.endswith("who-knew"):
                given.append(f"event={world.last[place]}")
            if path == "/v1/callers":
                given.append("email=who@acme.tv")
            yield f"{base}?{'&'.join(given)}"
            for name in names:
                for value in VARIANTS.get(name, ()):
                    yield f"{base}?{'&'.join([*given, f'{name}={value}'])}"


def _places(world: World, path: str) -> list[str]:
    if "{company_id}" in path:
        return [*COMPANIES]
    return sorted(world.tickets) if "{ticket_id}" in path else [""]


Ask = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def ask(told: World, client: TestClient) -> Ask:
    """Ask for an address by a key of a kind."""
    keys = {who: told.deployment.keys.create(who, *bound) for who, bound in KEYS.items()}

    def get(who: str, address: str) -> Any:
        answer = client.get(address, headers={"Authorization": f"Bearer {keys[who]}"})
        assert answer.status_code in (200, 403, 404), (address, answer.text)
        return answer

    return get


@pytest.mark.parametrize("who", KEYS)
def test_no_route_tells_a_key_what_it_may_not_read(told: World, ask: Ask, who: str) -> None:
    document = ask(who, "/openapi.json").json()

    events = told.ids if who in ("agent", "bolt-agent", "customer") else []

    found = {
        leak: address
        for address in (*asked(document, told), *(f"/v1/events/{one}" for one in events))
        for leak in told.secrets.leaked(ask(who, address).text, secret_to(who))
    }

    assert found == {}


def test_who_may_read_everything_is_told_every_secret(told: World, ask: Ask) -> None:
    """So that a leak would be seen if there was one."""
    document = ask("auditor", "/openapi.json").json()
    texts = "".join(ask("auditor", address).text for address in asked(document, told))

    heard = told.secrets.leaked(texts, lambda _: True)

    assert sorted(set(told.secrets.of.values()) - set(heard)) == []


@pytest.mark.parametrize("who", ["agent", "customer"])
@pytest.mark.parametrize("by", ["search", "contact", "product", "actor", "department"])
def test_nothing_is_found_by_what_it_does_not_tell(
    told: World, ask: Ask, who: str, by: str
) -> None:
    is_secret = secret_to(who)
    for marker, whose in told.secrets.of.items():
        if is_secret(whose) and (by == "search" or _may_be(by, whose)):
            word = f"agent/{marker}" if by == "actor" else marker
            page = ask(who, f"/v1/companies/{ACME}/timeline?{by}={word}").json()
            assert page["entries"] == [], whose


@pytest.mark.parametrize("who", KEYS)
def test_who_follows_a_timeline_is_told_no_more(told: World, who: str) -> None:
    role, bound = KEYS[who]
    reading = Witness(told.deployment, Identity(who, frozenset((role,)), frozenset(bound) or None))
    for company in bound or COMPANIES:
        arrived = reading.since(company, Filter(roll_up=True), 0)
        text = b"".join(arrival.entry for arrival in arrived).decode()
        assert told.secrets.leaked(text, secret_to(who)) == []


def _may_be(by: str, whose: str) -> bool:
    """Say whether a secret is of a field that a filter looks at."""
    return {"contact": "contact", "product": "product", "actor": "actor", "department": "team"}[
        by
    ] in whose.rsplit(" ", 1)[1] or (by == "contact" and whose.endswith("requester_id"))
