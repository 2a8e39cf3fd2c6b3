"""Who may do what over HTTP: every route for every kind of key, and keys that are none."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from services.control import Control
from services.security import Keys
from tests.served import ACME, LONG, OTHER, Served, served, story

__all__ = ["served", "story"]

EVERYBODY = {"nobody", "publisher", "agent", "auditor", "admin", "customer"}
KNOWN = EVERYBODY - {"nobody"}
READERS = {"agent", "auditor", "customer"}
STAFF = READERS - {"customer"}
COMPANY, TICKET = "/v1/companies/{company_id}", "/v1/tickets/{ticket_id}"

TABLE: dict[str, set[str]] = {
    "GET /livez": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "GET /openapi.json": EVERYBODY,
    "GET /asyncapi.json": EVERYBODY,
    "GET /static": EVERYBODY,
    "GET /signin": EVERYBODY,
    "POST /signin": EVERYBODY,
    "POST /signout": EVERYBODY,
    "GET /v1/schemas/{type_name}/{version}": KNOWN,
    "POST /v1/events": {"publisher", "agent"},
    "GET /v1/events": {"auditor", "admin"},
    "GET /v1/events/{event_id}": READERS,
    "GET /v1/projections": {"admin"},
    "GET /v1/companies": READERS,
    "GET /v1/callers": STAFF,
    "GET /v1/portfolio": STAFF,
    f"GET {COMPANY}": READERS,
    f"GET {COMPANY}/briefing": STAFF,
    f"GET {COMPANY}/diff": STAFF,
    f"GET {COMPANY}/tickets": READERS,
    f"GET {COMPANY}/timeline": READERS,
    f"GET {COMPANY}/replay": READERS,
    f"GET {TICKET}": READERS,
    f"GET {TICKET}/replay": READERS,
    f"GET {TICKET}/diff": READERS,
    f"GET {TICKET}/handoff": STAFF,
    f"GET {TICKET}/who-knew": STAFF,
    f"GET {TICKET}/on-file": STAFF,
    f"GET {COMPANY}/promises": READERS,
    f"GET {COMPANY}/questions": STAFF,
    f"GET {COMPANY}/duplicates": STAFF,
    f"GET {TICKET}/duplicates": STAFF,
    f"GET {COMPANY}/installations": READERS,
    "GET /": READERS,
    "GET /companies/{company_id}": READERS,
    "POST /companies/{company_id}/shown": {"agent"},
    "GET /tickets/{ticket_id}": READERS,
}
"""Every route, and the roles that may use it for the company they are bound to."""


def routes_of(served: Served) -> Iterator[str]:
    app: Any = served.client.app
    for part in app.routes:
        router = getattr(part, "original_router", None)
        for route in router.routes if router else [part]:
            methods = getattr(route, "methods", None) or {"GET"}
            yield from (f"{method} {route.path}" for method in methods - {"HEAD"})


def status(served: Served, route: str, who: str | None, company: str, ticket: str) -> int:
    method, path = route.split(" ", 1)
    path = path.format(
        company_id=company, ticket_id=ticket, type_name="ticket.opened", version=1,
        event_id=public_event(served) if "event_id" in path else "",
    )  # fmt: skip
    if route == "POST /v1/events":
        return int(
            served.post(served.event("ticket.resumed", f"ticket/{ticket}"), who=who).status_code
        )
    if path.endswith("/diff"):
        day = {"from": "2026-01-01", "to": "2026-11-01"}
        return int(served.get(path, who, **day).status_code)
    if path.endswith("/callers"):
        return int(served.get(path, who, phone="+3235551182").status_code)
    if path.endswith("/who-knew"):
        asked = {"event": public_event(served), "agent": "mia"}
        return int(served.get(path, who, **asked).status_code)
    if path.endswith("/on-file"):
        return int(served.get(path, who, fact_key="os_version").status_code)
    if method == "POST":
        form = f"key={served.keys['agent']}" if path == "/signin" else ""
        form = shown_card(served, company) if path.endswith("/shown") else form
        headers = {**served.bearer(who), "Content-Type": "application/x-www-form-urlencoded"}
        answer = served.client.post(path, content=form, headers=headers, follow_redirects=False)
        return int(answer.status_code)
    return int(served.get(path + ("/longcase.css" if path == "/static" else ""), who).status_code)


def shown_card(served: Served, company: str) -> str:
    """Fill in the form by which a card that was shown is put on record."""
    card = served.get(f"/v1/companies/{company}/briefing", "agent").json()
    return urlencode({"user": "ceo", **{n: card.get(n) for n in ("as_of", "position", "digest")}})


def public_event(served: Served) -> str:
    """Find the id of an event that Acme may see, too."""
    page = served.read(f"/v1/companies/{ACME}/timeline", visibility="public", limit=1)
    return str(page["entries"][0]["event_id"])


def test_every_route_has_its_row(story: Served) -> None:
    assert sorted(set(routes_of(story))) == sorted(TABLE)


@pytest.mark.parametrize("route", TABLE)
def test_every_role_may_use_a_route_or_not_as_its_row_says(served: Served, route: str) -> None:
    found = {
        who: status(served, route, None if who == "nobody" else who, ACME, LONG)
        for who in sorted(EVERYBODY)
    }

    expected = {who: 401 if who == "nobody" else 403 for who in EVERYBODY}
    is_form = route.startswith("POST /") and route != "POST /v1/events"
    expected |= dict.fromkeys(TABLE[route], 303 if is_form else 200)
    if route == "POST /v1/events":
        expected |= {"publisher": 201, "agent": 201}
    assert found == expected


@pytest.mark.parametrize("route", [route for route in TABLE if "company_id" in route])
@pytest.mark.parametrize("who", ["customer", "acme-agent", "acme-auditor"])
def test_another_company_is_out_of_reach(story: Served, route: str, who: str) -> None:
    for company in (OTHER, "no-such-company", "unassigned"):
        assert status(story, route, who, company, "") == 403


@pytest.mark.parametrize("route", [route for route in TABLE if "ticket_id" in route])
@pytest.mark.parametrize("who", ["other-customer", "customer", "acme-agent", "acme-auditor"])
def test_a_ticket_of_another_company_is_as_if_it_were_not(
    story: Served, route: str, who: str
) -> None:
    hidden = LONG if who == "other-customer" else of_nordlys(story)

    is_for_staff = "customer" in who and "customer" not in TABLE[route]
    for ticket in (hidden, "NO-SUCH"):
        assert status(story, route, who, "", ticket) == (403 if is_for_staff else 404)


def of_nordlys(story: Served) -> str:
    """Find a ticket of a third company."""
    return str(story.read("/v1/companies/nordlys-tv/tickets")["tickets"][0]["ticket_id"])


def test_lists_hold_the_companies_of_the_key_alone(story: Served) -> None:
    for who in ("customer", "acme-agent", "acme-auditor"):
        for q in (None, "kanaal", "acme", "a"):
            asked = {"q": q} if q else {}
            found = story.read("/v1/companies", who, **asked)["companies"]
            assert {company["company_id"] for company in found} <= {ACME}


# Keys


def bad_keys(served: Served) -> dict[str, dict[str, str]]:
    keys = served.deployment.keys
    revoked = keys.create("revoked", "agent")
    keys.revoke("revoked")
    over = keys.create("over", "agent", days=0)
    time.sleep(0.001)
    good = served.keys["agent"]
    return {
        "none": {},
        "revoked": {"Authorization": f"Bearer {revoked}"},
        "over": {"Authorization": f"Bearer {over}"},
        "another secret": {"Authorization": f"Bearer {good[:-4]}AAAA"},
        "unknown": {"Authorization": "Bearer lc_00000000_" + "A" * 43},
        "cut": {"Authorization": f"Bearer {good[:20]}"},
        "longer": {"Authorization": f"Bearer {good}A"},
        "not ours": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
        "empty": {"Authorization": "Bearer "},
        "basic": {"Authorization": f"Basic {good}"},
        "letters": {"Authorization": b"Bearer lc_\xe9\xff_\x01".decode("latin-1")},
        "cookie": {"Cookie": "longcase_key=lc_00000000_" + "A" * 43},
        "empty cookie": {"Cookie": "longcase_key="},
        "huge": {"Authorization": "Bearer " + "A" * 20_000},
        "sql": {"Authorization": "Bearer lc_' OR 1=1 --_x"},
    }


def test_every_bad_key_is_answered_alike(served: Served) -> None:
    for path in ("/v1/companies", f"/v1/companies/{ACME}/timeline", "/v1/projections"):
        answers = {
            name: served.client.get(
                path, headers=[(k.encode(), v.encode("latin-1")) for k, v in head.items()]
            )
            for name, head in bad_keys(served).items()
        }

        assert {answer.status_code for answer in answers.values()} == {401}
        assert len({answer.content for answer in answers.values()}) == 1
        assert {answer.headers["www-authenticate"] for answer in answers.values()} == {"Bearer"}


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_key_that_was_just_used_is_refused_once_it_is_revoked(
    served: Served, elsewhere: bool
) -> None:
    assert served.get("/v1/companies", "agent").status_code == 200
    control = Control(served.deployment.control.url) if elsewhere else served.deployment.control

    Keys(control).revoke("agent")

    assert served.get("/v1/companies", "agent").status_code == 401
    assert served.get("/v1/companies", "auditor").status_code == 200
    if elsewhere:
        control.close()


def test_another_site_changes_nothing_with_a_browsers_sign_in(served: Served) -> None:
    event = json.dumps(served.event("ticket.resumed", f"ticket/{LONG}"))
    head = {"Cookie": f"longcase_key={served.keys['agent']}",
            "Content-Type": "application/cloudevents+json"}  # fmt: skip

    def sent_from(site: str) -> int:
        answer = served.client.post(
            "/v1/events", content=event, headers={**head, "Sec-Fetch-Site": site}
        )
        return int(answer.status_code)

    assert (sent_from("cross-site"), sent_from("same-site")) == (403, 403)
    assert sent_from("same-origin") == 201


@pytest.mark.parametrize("name", ["", "Mia's laptop", "a\nb", "é", "x" * 129])
def test_a_key_has_a_name_that_can_stand_in_the_read_audit(served: Served, name: str) -> None:
    with pytest.raises(ValueError, match="a key's name"):
        served.deployment.keys.create(name, "agent")
