"""Whatever is sent, the answer is no defect: a problem document that repeats no text."""

import json
import string
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asked import Headers, Told, ask
from tests.events import every_event
from tests.served import ACME, LONG, Served, story

__all__ = ["story"]

SHARED = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
MARK = "kolibrie"
STRUCTURED: Headers = [(b"content-type", b"application/cloudevents+json")]
BATCHED: Headers = [(b"content-type", b"application/cloudevents-batch+json")]
GUARDED = ("content-security-policy", "x-content-type-options", "referrer-policy", "cache-control")

COMPANY, TICKET = f"/v1/companies/{ACME}", f"/v1/tickets/{LONG}"
READS = (
    "/v1/events", "/v1/events/019a0000-0000-7000-8000-000000000012",
    "/v1/companies", COMPANY, f"{COMPANY}/tickets", f"{COMPANY}/timeline",
    f"{COMPANY}/replay", TICKET, f"{TICKET}/replay", f"{TICKET}/diff", "/", f"/companies/{ACME}",
    f"{COMPANY}/briefing",
    f"/tickets/{LONG}", "/signin", "/readyz",
)  # fmt: skip
PARAMETERS = (
    "q", "limit", "status", "offset", "from", "to", "as_of", "known_at", "type", "actor", "channel",
    "severity", "ticket", "contact", "product", "department", "visibility", "search", "after",
    "before", "order", "wait_for", "step", "after_step", "clock", "company", "opened", "event",
    "key", "phone", "email", "events", "nonsense",
)  # fmt: skip

ODD = st.sampled_from([
    "", "\x00", "é", "\ud800", "\u202e", "\ue000contact/jan-peeters\ue001", "0", "-1", "9" * 30,
    "1e400", "NaN", "null", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-02-30", "2026",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-03T14:02:00", "'; --", '"',
    '"open', "*", "a*", "AND", "../..", "%", "true", "x" * 3000, MARK, "A" * 64,
])  # fmt: skip
TEXT = ODD | st.text(st.characters(exclude_categories=[]), max_size=40)
LEAVES = (
    st.none() | st.booleans() | st.floats() | TEXT
    | st.integers(-(2**70), 2**70) | st.sampled_from([10**400, -(2**63), 2**63])
)  # fmt: skip
NAMES = TEXT.filter(lambda text: text != MARK)
VALUES = st.recursive(
    LEAVES, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(NAMES, inside, max_size=4)
)
TOKENS = st.text(string.ascii_uppercase, min_size=1, max_size=12)
IDS = TEXT | st.sampled_from([ACME, LONG, "unassigned", "a" * 128, "a" * 129, ".", "..", "a/b"])


def check(told: Told, *, may_repeat: bool = False) -> None:
    """Hold an answer to what every answer is."""
    assert told.status < 500, told
    assert all(header in told.headers for header in GUARDED), told
    if told.status >= 400:
        problem = orjson.loads(told.body)
        assert told.headers["content-type"] == "application/problem+json"
        assert problem["status"] == told.status
        assert {"type", "title", "detail", "code"} <= set(problem)
        assert may_repeat or MARK not in told.body.decode()


@SHARED
@given(sent=st.binary(max_size=300), kind=st.sampled_from([STRUCTURED, BATCHED, []]))
def test_any_bytes_as_an_event(story: Served, sent: bytes, kind: Headers) -> None:
    check(ask(story, "POST", b"/v1/events", kind, sent, who="publisher"))


@SHARED
@given(value=VALUES, batch=st.booleans())
def test_any_json_as_an_event(story: Served, value: Any, batch: bool) -> None:
    sent = json.dumps([value] if batch else value).encode()

    check(
        ask(story, "POST", b"/v1/events", BATCHED if batch else STRUCTURED, sent, who="publisher")
    )


@pytest.mark.slow
@settings(SHARED, max_examples=2_500)
@given(chosen=st.sampled_from([*every_event()]), data=st.data())
def test_any_value_in_any_place_of_an_event(story: Served, chosen: Any, data: Any) -> None:
    cloud = {
        "specversion": "1.0", "type": chosen.type, "source": "fuzz", "id": str(chosen.event_id),
        "time": chosen.occurred_at.isoformat(), "subject": chosen.stream_id,
        "visibility": chosen.visibility, "data": chosen.data.model_dump(mode="json"),
    }  # fmt: skip
    place = data.draw(st.sampled_from([cloud, cloud["data"]]))
    place[data.draw(st.sampled_from([*place, "extra"]))] = data.draw(VALUES)
    sent = json.dumps(cloud).encode()

    told = ask(story, "POST", b"/v1/events", STRUCTURED, sent, who="publisher")

    check(told, may_repeat=place is cloud)  # ids and codes are named, what was written is not


@pytest.mark.slow
@settings(SHARED, max_examples=2_500)
@given(
    path=st.sampled_from(READS),
    asked=st.lists(st.tuples(st.sampled_from(PARAMETERS), TEXT), max_size=4),
    who=st.sampled_from(["auditor", "agent", "customer", "acme-auditor"]),
)
def test_any_parameter_of_any_read(
    story: Served, path: str, asked: list[tuple[str, str]], who: str
) -> None:
    if any(name == "wait_for" for name, _ in asked):
        asked = [(name, value) for name, value in asked if name != "wait_for"]
    query = urlencode(asked, errors="surrogatepass")

    check(ask(story, "GET", f"{path}?{query}".encode(), who=who))


@SHARED
@given(path=st.sampled_from(READS), query=st.binary(max_size=100))
def test_any_bytes_as_a_query(story: Served, path: str, query: bytes) -> None:
    check(ask(story, "GET", path.encode() + b"?" + query.replace(b"wait_for", b"")))


@SHARED
@given(
    before=st.sampled_from(["/v1/companies/", "/v1/tickets/", "/companies/", "/tickets/", "/v1/",
                            "/v1/schemas/", "/static/", "/"]),
    id=IDS,
    after=st.sampled_from(["", "/", "/timeline", "/replay", "/tickets", "/diff", "/1"]),
)  # fmt: skip
def test_any_id_in_any_path(story: Served, before: str, id: str, after: str) -> None:
    path = quote(id, safe="", errors="surrogatepass")

    told = ask(story, "GET", f"{before}{path}{after}".encode())

    check(told, may_repeat=True)  # what could be an id is named


@SHARED
@given(
    path=st.sampled_from([*READS, "/nowhere"]),
    method=st.sampled_from(["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "POST"]) | TOKENS,
)
def test_any_method(story: Served, path: str, method: str) -> None:
    told = ask(story, method, path.encode())

    if method == "HEAD":
        assert (told.status < 500, told.body) == (True, b"")
    elif path != "/v1/events" or method != "POST":
        check(told)
        if method != "GET" and told.status == 405:
            assert told.headers["allow"]


@SHARED
@given(
    path=st.sampled_from([*READS, "/v1/events"]),
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"accept", b"if-none-match", b"if-match", b"cookie", b"content-type",
                             b"authorization", b"content-length", b"range", b"ce-type", b"ce-id",
                             b"ce-expectedversion", b"ce-time", b"sec-fetch-site", b"x-any"]),
            st.binary(max_size=60) | ODD.map(lambda text: text.encode("utf-8", "replace")),
        ),
        max_size=4,
    ),
    method=st.sampled_from(["GET", "POST"]),
)  # fmt: skip
def test_any_header(story: Served, path: str, headers: Headers, method: str) -> None:
    told = ask(story, method, path.encode(), headers, b"{}")

    assert told.status < 500
    if told.status >= 400 and b"text/html" not in dict(headers).get(b"accept", b""):
        check(told)


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        (b"/v1/companies?q=" + b"a" * 20_000, [], 414),
        (b"/v1/" + b"a" * 20_000, [], 414),
        (b"/v1/companies", [(b"x-any", b"a" * 40_000)], 431),
        (b"/v1/companies", [(b"cookie", b"a=b;" * 10_000)], 431),
        (b"/v1/companies/", [], 404),
        (b"//v1/companies", [], 404),
        (b"/v1/companies/%00", [], 422),
        (b"/v1/companies/a%2Fb", [], 404),
        (b"/static/%00", [], 404),
        (b"/static/..%2f..%2fpage.py", [], 404),
        (b"/v1/tickets/a/replay?step=1&after_step=2", [], 422),
        (b"/v1/companies/" + ACME.encode() + b"/timeline?from=2026", [], 422),
        (b"/v1/companies/" + ACME.encode() + b"/timeline?limit=0", [], 422),
        (b"/v1/companies/" + ACME.encode() + b"/timeline?after=" + b"A" * 64, [], 422),
        (b"/v1/companies/" + ACME.encode() + b"/timeline?type=ticket.exploded", [], 422),
        (b"/v1/companies/" + ACME.encode() + b"/timeline?unheard=of", [], 422),
        (b"/v1/companies/nobody", [], 404),
        (b"/v1/tickets/nothing", [], 404),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    story: Served, target: bytes, headers: Headers, status: int
) -> None:
    told = ask(story, "GET", target, headers)

    check(told)
    assert told.status == status


@pytest.mark.parametrize(
    ("asked", "who", "status", "told"),
    [
        ("{company}/timeline?from=2026-11-03T14:02:00+02:00", "agent", 422, "write + as %2B"),
        ("{company}/timeline?known_at=2026-11-03T14:02+0200", "agent", 422, "write + as %2B"),
        ("{company}/timeline?from=2026-11-03%2014:02:00Z", "agent", 200, ""),
        ("{company}/timeline?from=2026-11-03&to=2026-11-02", "agent", 422, "from is later than to"),
        ("{company}/timeline?from=2026-11-03&to=2026-11-03", "agent", 200, ""),
        ("{ticket}/diff?from=2026-11-03&to=2026-11-02", "agent", 422, "from is later than to"),
        ("{company}/timeline?search=a&actor=%00", "agent", 422, "the NUL character cannot stand"),
        ("/v1/companies?q=%00", "agent", 422, "query.q: the NUL character cannot stand in a text"),
        ("/v1/companies/a%00", "agent", 422, "an id has 1 to 128 letters, digits and"),
        ("/v1/companies/nobody", "agent", 404, "search the companies by a name"),
        ("/v1/events", "agent", 403, "a key of role agent may not follow the log of all events"),
    ],
)
def test_a_problem_is_told_in_words_that_lead_on(
    story: Served, asked: str, who: str, status: int, told: str
) -> None:
    answer = ask(story, "GET", asked.format(company=COMPANY, ticket=TICKET).encode(), who=who)

    assert answer.status == status
    assert told in (orjson.loads(answer.body)["detail"] if told else "")


def test_what_is_allowed_is_said_of_the_whole_address(story: Served) -> None:
    told = ask(story, "PUT", b"/v1/events")

    assert (told.status, told.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_cursor_that_was_changed_is_refused(story: Served) -> None:
    cursor = story.read(f"{COMPANY}/timeline", limit=1)["next"]
    changed = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")

    assert story.get(f"{COMPANY}/timeline", after=cursor).status_code == 200
    assert story.get(f"{COMPANY}/timeline", after=changed).json()["code"] == "cursor-refused"
    assert story.get(f"{COMPANY}/timeline", after=cursor, type="ticket.opened").status_code == 422


def test_deep_json_is_refused_and_not_followed(story: Served) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    for sent in (deep, b'{"data":' + deep + b"}"):
        for kind in (STRUCTURED, BATCHED):
            told = ask(story, "POST", b"/v1/events", kind, sent, who="publisher")
            assert told.status == 422
