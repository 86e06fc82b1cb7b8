"""No secret reaches a log line, ours or a library's."""

import json
import logging
from collections.abc import Generator

import pytest
import structlog

from bot.logs import configure


@pytest.fixture(autouse=True)
def logging_as_before() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_secrets_are_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Tokens and passwords in addresses become an ellipsis, wherever in an event they stand."""
    configure("info")
    structlog.get_logger().info("failed", reason="token xoxb-1-abc refused", at="redis://user:pass@host:1/0")
    logging.getLogger("somebody.else").warning("sent xapp-1-A-2-def to %s", "rediss://:s3cret@host")
    shown = capsys.readouterr().err
    assert [json.loads(line)["level"] for line in shown.splitlines()] == ["info", "warning"]
    for secret in ("xoxb-1-abc", "pass@", "xapp-1", "s3cret"):
        assert secret not in shown


def test_libraries_never_say_more_than_info(capsys: pytest.CaptureFixture[str]) -> None:
    """At DEBUG, libraries would print bodies and signatures: they are kept to INFO."""
    configure("debug")
    logging.getLogger("slack_bolt").debug("body: the question somebody asked")
    structlog.get_logger().debug("claimed", job="1")
    assert "somebody asked" not in (shown := capsys.readouterr().err)
    assert "claimed" in shown


def test_a_quiet_level_quietens_libraries_too(capsys: pytest.CaptureFixture[str]) -> None:
    """A logger that a library set to INFO itself stays silent at warning."""
    configure("warning")
    chatty = logging.getLogger("chatty")
    chatty.setLevel(logging.INFO)
    chatty.info("a new session has been established")
    assert capsys.readouterr().err == ""
