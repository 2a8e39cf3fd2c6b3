"""What a server writes about itself is for its operator; a stranger cannot fill it."""

import logging

import pytest

from services.logs import configure


def test_a_request_that_is_no_http_leaves_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    configure()
    try:
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        quiet = capsys.readouterr().err
        logging.getLogger("uvicorn.error").error("Exception in ASGI application")
        said = capsys.readouterr().err
    finally:
        logging.getLogger().handlers[:] = before

    assert quiet == ""
    assert "Exception in ASGI application" in said
