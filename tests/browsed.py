"""Pages as a browser asks for them."""

from typing import Any

from tests.served import Served

HTML = {"Accept": "text/html,application/xhtml+xml"}


def page(served: Served, path: str, who: str | None = "auditor", **asked: Any) -> str:
    answer = seen(served, path, who, **asked)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def seen(served: Served, path: str, who: str | None = "auditor", **asked: Any) -> Any:
    return served.client.get(
        path, params=asked or None, headers={**HTML, **served.bearer(who)}, follow_redirects=False
    )
