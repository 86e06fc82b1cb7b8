"""What Slack refuses, the playground refuses with the same code."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.playground import Playground
from bot.playground.cast import SCOPES
from tests.unit.playground.conftest import Caller, section

GENERAL, RANDOM, SECRET, OLD = "C07GENERAL1", "C07RANDOM01", "C07SECRET01", "C07OLDOLD01"
ANA, GUS = "U07ANARBRO1", "U07GUSLIND3"
NOWHERE = "1700000000.000100"
HERE: dict[str, Any] = {"channel": GENERAL}
BROKEN_METADATA: list[tuple[Any, str]] = [
    ({"event_type": "a"}, "invalid_metadata_format"),
    ({"event_type": "a", "event_payload": {}, "more": 1}, "invalid_metadata_format"),
    ({"event_type": "", "event_payload": {}}, "invalid_metadata_schema"),
    ({"event_type": "not a word", "event_payload": {}}, "invalid_metadata_schema"),
    ({"event_type": "a", "event_payload": {"text": "x" * 9000}}, "metadata_too_large"),
    ("{", "invalid_metadata_format"),
]
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("chat.postMassage", HERE, "unknown_method"),
    ("chat.postMessage", {"text": "hi"}, "invalid_arguments"),
    ("chat.postMessage", {**HERE, "txt": "hi"}, "invalid_arguments"),
    ("chat.postMessage", {**HERE, "text": 5}, "invalid_arguments"),
    ("chat.postMessage", {**HERE, "text": "hi", "thread_ts": 1.5}, "invalid_arguments"),
    ("chat.postMessage", {**HERE, "text": "hi", "unfurl_links": "maybe"}, "invalid_arguments"),
    ("chat.postMessage", {"channel": "C0NOWHERE", "text": "hi"}, "channel_not_found"),
    ("chat.postMessage", {"channel": SECRET, "text": "hi"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "secret", "text": "hi"}, "channel_not_found"),
    ("chat.postMessage", {"channel": RANDOM, "text": "hi"}, "not_in_channel"),
    ("chat.postMessage", {"channel": OLD, "text": "hi"}, "is_archived"),
    ("chat.postMessage", HERE, "no_text"),
    ("chat.postMessage", {**HERE, "text": " "}, "no_text"),
    ("chat.postMessage", {**HERE, "text": "hi", "blocks": "nonsense"}, "invalid_blocks_format"),
    ("chat.postMessage", {**HERE, "text": "hi", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
    ("chat.postMessage", {**HERE, "text": "hi", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
    ("chat.postMessage", {**HERE, "text": "hi", "markdown_text": "hi"}, "markdown_text_conflict"),
    ("chat.postMessage", {**HERE, "blocks": [section()], "markdown_text": "hi"}, "markdown_text_conflict"),
    ("chat.postMessage", {**HERE, "markdown_text": "x" * 12_001}, "msg_too_long"),
    ("chat.postMessage", {**HERE, "text": "hi", "thread_ts": NOWHERE}, "thread_not_found"),
    ("chat.postMessage", {**HERE, "text": "hi", "thread_ts": "0"}, "invalid_thread_ts"),
    ("chat.postMessage", {**HERE, "text": "hi", "username": "Boss"}, "missing_scope"),
    ("chat.postMessage", {**HERE, "text": "hi", "attachments": [{}] * 101}, "too_many_attachments"),
    *(("chat.postMessage", {**HERE, "text": "hi", "metadata": bad}, code) for bad, code in BROKEN_METADATA),
    ("chat.postEphemeral", {**HERE, "user": GUS, "text": "hi"}, "user_not_in_channel"),
    ("chat.postEphemeral", {**HERE, "text": "hi"}, "invalid_arguments"),
    ("chat.postEphemeral", {**HERE, "user": ANA, "text": "hi", "unfurl_links": False}, "invalid_arguments"),
    ("chat.update", {**HERE, "ts": NOWHERE, "text": "hi"}, "message_not_found"),
    ("chat.update", {"channel": "general", "ts": NOWHERE, "text": "hi"}, "channel_not_found"),
    ("chat.update", {**HERE, "text": "hi"}, "invalid_arguments"),
    ("chat.delete", {**HERE, "ts": NOWHERE}, "message_not_found"),
    ("chat.startStream", {**HERE, "thread_ts": NOWHERE}, "thread_not_found"),
    ("chat.appendStream", {**HERE, "ts": NOWHERE, "markdown_text": "hi"}, "message_not_found"),
    ("chat.stopStream", {**HERE, "ts": NOWHERE}, "message_not_found"),
    ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("reactions.add", {**HERE, "name": "eyes", "timestamp": NOWHERE}, "message_not_found"),
    ("reactions.add", {**HERE, "name": "eyes", "timestamp": "yesterday"}, "bad_timestamp"),
    ("views.open", {"trigger_id": "1.2.x", "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
    ("views.publish", {"user_id": "U0NOBODY", "view": {"type": "home", "blocks": []}}, "user_not_found"),
    ("assistant.threads.setStatus", {"channel_id": GENERAL, "thread_ts": NOWHERE, "status": "a"}, "invalid_thread_ts"),
    ("assistant.threads.setStatus", {"channel_id": SECRET, "thread_ts": NOWHERE, "status": "a"}, "channel_not_found"),
    (
        "assistant.threads.setSuggestedPrompts",
        {"channel_id": "D07ANARBRO1", "prompts": [{"title": "only"}]},
        "invalid_arguments",
    ),
]
UNREADABLE: list[tuple[str, dict[str, str], str]] = [
    ("conversations.replies", {**HERE, "ts": NOWHERE}, "thread_not_found"),
    ("conversations.replies", HERE, "invalid_arguments"),
    ("conversations.replies", {"channel": RANDOM, "ts": NOWHERE}, "not_in_channel"),
    ("conversations.replies", {"channel": SECRET, "ts": NOWHERE}, "channel_not_found"),
    ("conversations.history", {"channel": "nowhere"}, "channel_not_found"),
    ("conversations.history", {**HERE, "cursor": "nonsense"}, "invalid_cursor"),
    ("conversations.history", {**HERE, "limit": "0"}, "invalid_limit"),
    ("conversations.history", {**HERE, "oldest": "yesterday"}, "invalid_ts_oldest"),
    ("conversations.info", {"channel": SECRET}, "channel_not_found"),
    ("conversations.members", {"channel": SECRET}, "channel_not_found"),
    ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
    ("usergroups.users.list", {"usergroup": "S0NOTHING"}, "no_such_subteam"),
    ("chat.getPermalink", {**HERE, "message_ts": NOWHERE}, "message_not_found"),
]
WANTED: list[tuple[str, str, dict[str, Any]]] = [
    ("chat:write", "chat.postMessage", {**HERE, "text": "hi"}),
    ("reactions:write", "reactions.add", {**HERE, "name": "eyes", "timestamp": NOWHERE}),
    ("im:write", "conversations.open", {"users": ANA}),
    ("assistant:write", "assistant.threads.setTitle", {"channel_id": GENERAL, "thread_ts": NOWHERE, "title": "a"}),
]
WANTED_TO_READ: list[tuple[str, str, dict[str, str]]] = [
    ("channels:history", "conversations.history", HERE),
    ("groups:history", "conversations.history", {"channel": "C07PEOPLEOP"}),
    ("im:history", "conversations.history", {"channel": "D07ANARBRO1"}),
    ("channels:read", "conversations.info", HERE),
    ("groups:read", "conversations.members", {"channel": "C07PEOPLEOP"}),
    ("im:read", "conversations.info", {"channel": "D07ANARBRO1"}),
    ("users:read", "users.info", {"user": ANA}),
    ("usergroups:read", "usergroups.list", {}),
]


@pytest.mark.parametrize(("method", "arguments", "code"), REFUSED)
async def test_a_wrong_call_is_refused(call: Caller, method: str, arguments: dict[str, Any], code: str) -> None:
    """Each mistake earns the code that Slack documents for it."""
    answer = await call(method, **arguments)
    assert (answer["ok"], answer["error"]) == (False, code)


@pytest.mark.parametrize(("method", "arguments", "code"), UNREADABLE)
async def test_a_wrong_question_is_refused(look: Caller, method: str, arguments: dict[str, str], code: str) -> None:
    """Each mistaken read earns the code that Slack documents for it."""
    answer = await look(method, **arguments)
    assert (answer["ok"], answer["error"]) == (False, code)


async def test_reading_methods_do_not_read_json(call: Caller) -> None:
    """A read method sees no argument in a JSON body, as in Slack."""
    answer = await call("conversations.info", channel=GENERAL)
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_every_token_has_its_place(slack: Playground, call: Caller) -> None:
    """No token, a wrong one, and the other kind of token are three different refusals."""
    hello = {"channel": GENERAL, "text": "hi"}
    assert (await call("chat.postMessage", "", **hello))["error"] == "not_authed"
    assert (await call("chat.postMessage", "xoxb-wrong", **hello))["error"] == "invalid_auth"
    assert (await call("chat.postMessage", slack.app_token, **hello))["error"] == "not_allowed_token_type"
    assert (await call("apps.connections.open"))["error"] == "not_allowed_token_type"
    assert slack.messages("general") == []


async def test_a_token_may_come_in_a_form(slack: Playground) -> None:
    """A form with the token among its fields is a call like any other."""
    async with aiohttp.ClientSession() as session:
        form = {"token": slack.bot_token, "channel": GENERAL, "text": "hi", "unfurl_links": "0"}
        async with session.post(slack.api_url + "chat.postMessage", data=form) as response:
            assert (await response.json())["ok"]
    assert [message.visible_text for message in slack.messages("general")] == ["hi"]
    assert "token" not in slack.calls[0].arguments


async def test_a_token_in_the_address_is_not_read(slack: Playground) -> None:
    """Addresses end up in logs: Slack does not take tokens there."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(slack.api_url + "auth.test", params={"token": slack.bot_token}) as response,
    ):
        assert (await response.json())["error"] == "not_authed"


@pytest.mark.parametrize(("scope", "method", "arguments"), [*WANTED, *WANTED_TO_READ])
async def test_a_missing_scope_is_named(scope: str, method: str, arguments: dict[str, Any]) -> None:
    """Without its scope a method says which one it needs, and which were granted."""
    granted = [other for other in SCOPES if other != scope]
    async with Playground(scopes=granted) as slack, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        async with session.post(slack.api_url + method, data=arguments, headers=headers) as response:
            answer = await response.json()
    assert (answer["error"], answer["needed"]) == ("missing_scope", scope)
    assert answer["provided"] == ",".join(sorted(granted))


async def test_nothing_that_was_refused_stands_anywhere(slack: Playground, call: Caller) -> None:
    """A refused message leaves no trace but the record of the call."""
    await call("chat.postMessage", channel=GENERAL, text="hi", blocks=[{"type": "nonsense"}])
    assert slack.messages("general") == []
    assert [(made.method, made.ok) for made in slack.calls] == [("chat.postMessage", False)]


async def test_an_unknown_argument_is_refused_but_not_bolts(call: Caller) -> None:
    """`team_id`, which Bolt adds to every call, is taken everywhere; a misspelt argument nowhere."""
    assert (await call("chat.postMessage", channel=GENERAL, text="hi", team_id="T07PLAYGRND"))["ok"]
    answer = await call("chat.postMessage", channel=GENERAL, text="hi", thread="1")
    assert answer["response_metadata"]["messages"] == ["[ERROR] unknown argument: thread"]
