"""What is written down when a listener fails."""

import pytest
import structlog

from bot.errors import MemoryUnavailable
from handlers.apologies import Apologies
from tests.unit.handlers.stand_ins import context, envelope

WORDS = "how many hours"


def raised(error: Exception) -> Exception:
    """The error with a traceback, as Bolt hands it over."""
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


async def test_a_failure_is_logged_with_ids_and_without_words() -> None:
    """An admin finds the delivery again; nobody reads what was asked."""
    error = raised(KeyError(WORDS))
    with structlog.testing.capture_logs() as logs:
        await Apologies().on_error(error, envelope("app_mention"), context())
    assert [(log["event"], log["error"], log["event_id"]) for log in logs] == [
        ("listener_failed", "KeyError", "Ev07MENTION01")
    ]
    assert WORDS not in str(logs)


@pytest.mark.parametrize(
    ("name", "gesture"),
    [
        ("slash_ask", "/ask"),
        ("press", "why"),
        ("choose_message_shortcut", "summarise_thread"),
        ("send_form", "feedback"),
    ],
)
async def test_a_failed_gesture_is_logged_by_its_name(name: str, gesture: str) -> None:
    """With who made it, and nothing of what it carries."""
    with structlog.testing.capture_logs() as logs:
        await Apologies().on_error(raised(KeyError(WORDS)), envelope(name), context())
    assert logs[0]["gesture"] == gesture
    assert logs[0]["person"].startswith("U0")
    assert "leave" not in str(logs)
    assert "300 hours" not in str(logs)
    assert "hooks.slack.com" not in str(logs)


async def test_our_own_errors_say_what_they_are() -> None:
    """They are written for people and hold no words of theirs."""
    error = raised(MemoryUnavailable("Redis did not answer within 0.5 s"))
    with structlog.testing.capture_logs() as logs:
        await Apologies().on_error(error, {}, context())
    assert logs[0]["message"] == "Redis did not answer within 0.5 s"


async def test_an_apology_never_becomes_an_acknowledgement() -> None:
    """It returns nothing, so that the response stays a failure and Slack delivers again."""
    returned: object = await Apologies().on_error(ValueError(), envelope("app_mention"), context())
    assert returned is None
