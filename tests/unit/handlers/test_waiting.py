"""Which envelopes wait on the disk, what each is called, and whose question surely is for us."""

import pytest

from handlers.meanwhile import HAVE_QUESTION, HAVE_SEARCH, answer_to, asked
from handlers.waiting import Standing, standing
from tests.unit.handlers.stand_ins import BOT_USER, envelope

IN_LINE = (
    "app_mention",
    "direct_message",
    "thread_reply",
    "channel_message",
    "message_changed",
    "message_deleted",
    "home_opened",
    "context_changed",
    "session_stopped",
)


@pytest.mark.parametrize("name", IN_LINE)
def test_an_event_waits_under_its_id_behind_those_before_it(name: str) -> None:
    """A redelivery has the same name."""
    body = envelope(name)
    assert standing(body) == Standing("event", f"event/{body['team_id']}/{body['event_id']}", in_line=True)


@pytest.mark.parametrize("name", ["bot_message", "own_reply", "bot_edit"])
def test_what_bots_write_stands_in_no_line(name: str) -> None:
    """No listener asks the memory about it; if one did, it could still wait."""
    found = standing(envelope(name))
    assert found
    assert not found.in_line


@pytest.mark.parametrize(
    ("name", "sort"),
    [("slash_ask", "command"), ("slash_search", "command"), ("send_form", "interaction")],
)
def test_a_gesture_that_is_a_job_can_wait(name: str, sort: str) -> None:
    """Each for itself, under what is the same for every delivery of it."""
    found = standing(envelope(name))
    assert found
    assert (found.sort, found.in_line) == (sort, False)
    assert found.name.startswith("gesture/T0")
    assert found == standing(envelope(name))


def test_a_press_waits_where_its_work_is_a_job() -> None:
    """One that opens a modal does not: the right to open it is gone in three seconds."""
    press = envelope("press")
    assert standing(press) is None
    (action,) = press["actions"]
    found = standing({**press, "actions": [{**action, "action_id": "share"}]})
    assert found
    assert found.sort == "interaction"


@pytest.mark.parametrize("name", ["choose_global_shortcut", "close_form", "press_feedback", "choose_channel"])
def test_other_gestures_cannot_wait(name: str) -> None:
    """They need nothing of the memory, or the moment in which they were made."""
    assert standing(envelope(name)) is None


def test_what_is_no_envelope_of_ours_cannot_wait() -> None:
    """Slack's handshake, an unknown command, an event that nobody listens to."""
    assert standing({"type": "url_verification"}) is None
    assert standing({**envelope("slash_ask"), "command": "/lunch"}) is None
    assert standing({**envelope("app_mention"), "event": {"type": "team_join"}}) is None


@pytest.mark.parametrize("name", ["app_mention", "app_mention_in_thread", "direct_message"])
def test_a_mention_and_a_direct_message_are_for_us(name: str) -> None:
    """Who wrote it is told that it waits."""
    question = asked(envelope(name), bot_user=BOT_USER)
    assert question
    assert question.asker == envelope(name)["event"]["user"]


@pytest.mark.parametrize(
    "name",
    ["thread_reply", "channel_message", "message_that_is_a_mention", "message_changed", "bot_mention", "home_opened"],
)
def test_nobody_else_is_told_anything(name: str) -> None:
    """It may not be for us, or its other event is told about."""
    assert asked(envelope(name), bot_user=BOT_USER) is None


def test_a_command_is_told_what_comes() -> None:
    """An answer, or passages."""
    assert (answer_to("/ask"), answer_to("/search")) == (HAVE_QUESTION, HAVE_SEARCH)
