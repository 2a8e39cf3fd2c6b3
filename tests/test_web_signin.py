"""Signing in, problems as pages, and that no page has a script or asks another host."""

import logging
import re
from typing import Any

import pytest

from tests.browsed import HTML, seen
from tests.served import ACME, LONG, Served, served, story

__all__ = ["served", "story"]

TIMELINE, REPLAY = f"/companies/{ACME}", f"/tickets/{LONG}"


def test_signing_in_keeps_the_key_from_scripts_and_takes_it_out_of_the_address(
    served: Served,
) -> None:
    answer = seen(served, "/signin", None, key=served.keys["agent"])

    cookie = answer.headers["set-cookie"].lower()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert answer.headers["referrer-policy"] == "no-referrer"
    again = served.client.get("/", headers={"Cookie": cookie.split(";")[0].replace(
        served.keys["agent"].lower(), served.keys["agent"])})  # fmt: skip
    assert "Acme Broadcast" in again.text


def test_a_key_stays_out_of_the_access_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        target = f"/signin?key={served.keys['agent']}"
        logging.getLogger("uvicorn.access").info('%s "%s" %d', "127.0.0.1:1", target, 303)

    assert caplog.messages == ['127.0.0.1:1 "/signin?key=[key]" 303']


def test_a_key_may_be_typed_instead(served: Served) -> None:
    def typed(key: str, site: str = "same-origin") -> Any:
        return served.client.post(
            "/signin", content=f"key={key}", follow_redirects=False,
            headers={**HTML, "Sec-Fetch-Site": site,
                     "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip

    assert typed(served.keys["agent"]).status_code == 303
    assert typed("nonsense").status_code == 401
    assert typed("k" * 10_000).status_code == 413
    assert typed(served.keys["agent"], "cross-site").status_code == 403


@pytest.mark.parametrize("path", ["/", TIMELINE, REPLAY, "/signin?key=nonsense"])
def test_without_a_key_a_page_says_how_to_sign_in(story: Served, path: str) -> None:
    answer = seen(story, path, None)

    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert "longcase run" in answer.text
    assert "nonsense" not in answer.text
    assert "Acme" not in answer.text


def test_signing_out_forgets_the_key(story: Served) -> None:
    answer = story.client.post("/signout", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
    assert 'longcase_key=""' in answer.headers["set-cookie"]


def test_problems_are_pages_for_browsers_and_documents_for_programs(story: Served) -> None:
    browser = seen(story, "/companies/nobody")
    program = story.get("/companies/nobody")
    api = seen(story, "/v1/companies/nobody")

    assert [answer.status_code for answer in (browser, program, api)] == [404, 404, 404]
    assert "<h1>" in browser.text
    assert program.headers["content-type"] == api.headers["content-type"]
    assert program.headers["content-type"] == "application/problem+json"


def test_no_page_has_a_script_or_asks_another_host(story: Served) -> None:
    for path in ("/", TIMELINE, REPLAY, "/signin", "/companies/nobody"):
        answer = seen(story, path)
        assert "<script" not in answer.text.lower()
        assert " style=" not in answer.text
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
