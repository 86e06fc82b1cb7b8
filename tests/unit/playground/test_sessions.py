"""Agent sessions: their status and title, the Stop button, and what the person looks at."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.playground import Playground
from bot.playground.cast import EVENTS
from tests.unit.playground.conftest import Caller, Client

ANA, DM, TEAM = "U07ANARBRO1", "D07ANARBRO1", "T07PLAYGRND"
TO_ANA = {"recipient_team_id": TEAM, "recipient_user_id": ANA}


@pytest.fixture
async def root(slack: Playground) -> str:
    return await slack.say("ana", "dm-ana", "how many days?")


def told(slack: Playground, kind: str) -> list[dict[str, Any]]:
    """The events of one sort."""
    return [d.payload["event"] for d in slack.deliveries if d.payload.get("event", {}).get("type") == kind]


async def test_a_session_has_a_status_and_a_title(slack: Playground, client: Client, root: str) -> None:
    """The title counts for a new session, later `rename` does."""
    assert slack.session("dm-ana", root) is None
    where = {"channel_id": DM, "thread_ts": root}
    answer = await client.agents_sessions_setStatus(**where, status="processing", title="Leave")
    assert (answer["status"], answer["title"], "warning" in answer.data) == ("processing", "Leave", False)
    await client.agents_sessions_setStatus(**where, status="active", title="Other")
    await client.agents_sessions_rename(**where, title="Annual leave")
    session = slack.session("dm-ana", root)
    assert session is not None
    assert (session.status, session.title) == ("active", "Annual leave")


async def test_a_session_works_in_a_channel_thread(slack: Playground, call: Caller) -> None:
    """As in a direct message; who began it must be a member."""
    root = await slack.say("ana", "general", "x")
    where = {"channel_id": "C07GENERAL1", "thread_ts": root, "status": "processing"}
    refused = await call("agents.sessions.setStatus", **where, initiator_user_id="U07GUSLIND3")
    assert refused["error"] == "user_not_in_channel"
    assert (await call("agents.sessions.setStatus", **where, initiator_user_id=ANA))["ok"]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("setStatus", {"status": "busy"}, "invalid_arguments"),
    ("setStatus", {"status": "active", "title": "x" * 201}, "invalid_arguments"),
    ("setStatus", {"status": "active", "thread_ts": "1700000000.000100"}, "invalid_thread_ts"),
    ("setStatus", {"status": "active", "channel_id": "C07SECRET01"}, "channel_not_found"),
    ("setStatus", {"status": "active", "username": "Boss"}, "missing_scope"),
    ("rename", {"title": "Leave"}, "session_not_found"),
    ("rename", {"title": ""}, "invalid_arguments"),
    ("rename", {"title": "x" * 201}, "invalid_arguments"),
]


@pytest.mark.parametrize(("method", "arguments", "code"), REFUSED)
async def test_a_wrong_session_is_refused(
    call: Caller, root: str, method: str, arguments: dict[str, Any], code: str
) -> None:
    """With the code that fits."""
    answer = await call(f"agents.sessions.{method}", **{"channel_id": DM, "thread_ts": root, **arguments})
    assert answer["error"] == code


async def test_without_the_event_nobody_can_stop() -> None:
    """Slack warns, and shows no button."""
    events = [name for name in EVENTS if name != "agent_session_stopped"]
    async with Playground(events=events, retry_delays=()) as slack, aiohttp.ClientSession() as session:
        root = await slack.say("ana", "dm-ana", "x")
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        body = {"channel_id": DM, "thread_ts": root, "status": "processing"}
        async with session.post(f"{slack.api_url}agents.sessions.setStatus", data=body, headers=headers) as response:
            answer = await response.json()
        assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
        with pytest.raises(LookupError):
            await slack.stop("ana", "dm-ana", root)


async def test_stop_ends_the_streams_and_tells_the_bot(slack: Playground, call: Caller, root: str) -> None:
    """Appending answers `stopped_by_user`; the session stays where it is until the bot moves it."""
    where = {"channel_id": DM, "thread_ts": root}
    with pytest.raises(LookupError):
        await slack.stop("ana", "dm-ana", root)
    await call("agents.sessions.setStatus", **where, status="processing")
    begun = await call("chat.startStream", channel=DM, thread_ts=root, markdown_text="Here", **TO_ANA)
    stream = {"channel": DM, "ts": begun["ts"]}
    await slack.stop("ana", "dm-ana", root)
    (event,) = told(slack, "agent_session_stopped")
    assert (event["channel"], event["user"], event["thread_ts"]) == (DM, ANA, root)
    assert event["streaming_message_ts"] == [begun["ts"]]
    message = slack.thread("dm-ana", root)[-1]
    assert (message.is_streaming, message.stopped_by, message.visible_text) == (False, "ana", "Here")
    assert (await call("chat.appendStream", **stream, markdown_text="more"))["error"] == "stopped_by_user"
    assert (await call("chat.stopStream", **stream))["error"] == "message_not_in_streaming_state"
    session = slack.session("dm-ana", root)
    assert session is not None
    assert session.status == "processing"
    assert (await call("chat.update", **stream, text="Stopped."))["ok"]


async def test_stop_without_a_stream_names_none(slack: Playground, call: Caller, root: str) -> None:
    """There is work to stop before anything is shown."""
    await call("agents.sessions.setStatus", channel_id=DM, thread_ts=root, status="processing")
    await slack.stop("ana", "dm-ana", root)
    assert told(slack, "agent_session_stopped")[0]["streaming_message_ts"] == []


async def test_the_end_of_a_stream_moves_the_session(slack: Playground, call: Caller, root: str) -> None:
    """When it says so; an unknown status is refused and the stream goes on."""
    await call("agents.sessions.setStatus", channel_id=DM, thread_ts=root, status="processing", title="Leave")
    begun = await call("chat.startStream", channel=DM, thread_ts=root, markdown_text="Here", **TO_ANA)
    stream = {"channel": DM, "ts": begun["ts"]}
    assert (await call("chat.stopStream", **stream, session_status="done"))["error"] == "invalid_arguments"
    assert (await call("chat.stopStream", **stream, session_status="active"))["ok"]
    session = slack.session("dm-ana", root)
    assert session is not None
    assert (session.status, session.title) == ("active", "Leave")


async def test_a_person_renames_a_session(slack: Playground, call: Caller, root: str) -> None:
    """The event tells the title, and the one before where there was one."""
    await call("agents.sessions.setStatus", channel_id=DM, thread_ts=root, status="active")
    await slack.rename_session("ana", "dm-ana", root, "Leave")
    await slack.rename_session("ana", "dm-ana", root, "Annual leave")
    first, second = told(slack, "agent_session_title_changed")
    assert (first["title"], "previous_title" in first) == ("Leave", False)
    assert (second["title"], second["previous_title"], second["team_id"]) == ("Annual leave", "Leave", TEAM)


async def test_what_a_person_looks_at_is_told(slack: Playground) -> None:
    """As it changes, and when the Messages tab is opened; an empty context for nothing."""
    await slack.look_at("ana", "general")
    slack.open_home("ana", "messages")
    await slack.look_at("ana", None)
    slack.open_home("ana", "home")
    looking = {"entities": [{"type": "slack#/types/channel_id", "value": "C07GENERAL1", "team_id": TEAM}]}
    changed = told(slack, "app_context_changed")
    assert [event["context"] for event in changed] == [looking, {}]
    assert (changed[0]["user"], changed[0]["channel"]) == (ANA, DM)
    messages, home = told(slack, "app_home_opened")
    assert (messages["context"], "context" in home) == (looking, False)
    with pytest.raises(PermissionError):
        await slack.look_at("gus", "general")


async def test_a_published_home_comes_with_its_opening(slack: Playground, client: Client) -> None:
    """So that the bot knows what stands there."""
    published = await client.views_publish(user_id=ANA, view={"type": "home", "blocks": [{"type": "divider"}]})
    slack.open_home("ana")
    assert told(slack, "app_home_opened")[0]["view"]["hash"] == published["view"]["hash"]
