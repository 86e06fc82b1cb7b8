"""What the listeners ask of Bolt is what Bolt gives, and the manifest asks Slack for exactly what they need."""

import ast
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import build_app
from handlers import listeners
from handlers.tokens import Identity
from tests.architecture.sources import ROOT, python_files, tree_of
from tests.unit.handlers.stand_ins import Jobs, Talks, envelope

MANIFEST: dict[str, Any] = json.loads((ROOT / "manifest.json").read_text())
EVENTS = frozenset(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
SCOPES = frozenset(MANIFEST["oauth_config"]["scopes"]["bot"])

FOR_EVENT = {
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
}
FOR_METHOD = {
    "apps.connections.open": set[str](),
    "auth.test": set[str](),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.members": {"channels:read", "groups:read"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "usergroups.list": {"usergroups:read"},
    "users.info": {"users:read"},
    "users.list": {"users:read"},
}
"""Scopes that each method of the Web API wants, from its reference page; a direct message is never looked up."""

Handler = Callable[..., Awaitable[Any]]


@dataclass
class Recorder:
    """Stands where the app stands, and writes down who wants what."""

    events: list[str | re.Pattern[str]] = field(default_factory=list[str | re.Pattern[str]])
    called: list[Handler] = field(default_factory=list[Handler])

    def event(
        self, event: str | re.Pattern[str], matchers: Sequence[Callable[..., Awaitable[bool]]] | None = None
    ) -> Callable[..., Any]:
        self.events.append(event)
        self.called.extend(matchers or ())
        return self.called.append

    def error(self, func: Handler) -> None:
        self.called.append(func)


@pytest.fixture
def recorder() -> Recorder:
    recorder = Recorder()
    for listener in listeners(jobs=Jobs(), conversations=Talks()):
        listener.register(recorder)
    return recorder


@pytest.fixture
def app() -> AsyncApp:
    identity = Identity("T0ACME", "Acme", "U0FOOTNOTE", "B0FOOTNOTE", "footnote")
    client = AsyncWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/")
    return build_app(client=client, identity=identity, jobs=Jobs(), conversations=Talks(), signing_secret="s")


def methods_called() -> set[str]:
    """Every name of a Web API method that stands in the edge's code."""
    nodes = (node for path in python_files("handlers") for node in ast.walk(tree_of(path)))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    shape = re.compile(r"(?:apps|auth|chat|conversations|reactions|usergroups|users|views|files|agents)\.[a-zA-Z.]+")
    return {text for text in texts if shape.fullmatch(text)}


def test_bolt_knows_every_argument(recorder: Recorder) -> None:
    """Bolt fills arguments by name and passes None for a name it does not know, so that a typo would stay silent."""
    known = set(inspect.signature(AsyncArgs).parameters) | {"error"}
    asked = {(str(called), name) for called in recorder.called for name in inspect.signature(called).parameters}
    assert {(called, name) for called, name in asked if name not in known} == set()


def test_every_argument_can_be_filled_by_name(recorder: Recorder) -> None:
    """Bolt reads positional names only: an argument after a star would be left out."""
    kinds = {kind.kind for called in recorder.called for kind in inspect.signature(called).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


def test_the_manifest_subscribes_to_what_is_listened_to(recorder: Recorder) -> None:
    """An event nobody subscribes to never comes, and one that nobody listens to fails over Socket Mode."""
    named = {event for event in recorder.events if isinstance(event, str)}
    assert {event.partition(".")[0] for event in EVENTS} == named


@pytest.mark.parametrize(
    "name",
    [
        "app_mention",
        "channel_message",
        "thread_reply",
        "direct_message",
        "message_changed",
        "channel_join",
        "own_reply",
    ],
)
async def test_every_subscribed_event_is_acknowledged(app: AsyncApp, name: str) -> None:
    """Whatever of it is passed over, Slack gets its 200."""
    answered = await app.async_dispatch(AsyncBoltRequest(body=envelope(name), mode="socket_mode"))
    assert answered.status == 200


async def test_an_event_of_another_kind_is_acknowledged_too(app: AsyncApp) -> None:
    """An installation may subscribe to more than we listen to; Slack would count each as a failure."""
    body = envelope("app_mention")
    body["event"]["type"] = "team_join"
    assert (await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))).status == 200


def test_the_manifest_asks_for_the_scopes_that_are_needed_and_no_more() -> None:
    """Each scope has an event or a method that wants it; each event and method has its scopes."""
    called = methods_called()
    assert called == set(FOR_METHOD)
    wanted = set[str]().union(*(FOR_EVENT[event] for event in EVENTS), *(FOR_METHOD[method] for method in called))
    assert wanted == SCOPES


def test_the_manifest_is_one_that_slack_takes() -> None:
    """Names and texts keep Slack's lengths, and a direct message can be written."""
    shown = MANIFEST["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert MANIFEST["features"]["app_home"]["messages_tab_enabled"]
    assert not MANIFEST["features"]["app_home"]["messages_tab_read_only_enabled"]
    assert sorted(SCOPES) == MANIFEST["oauth_config"]["scopes"]["bot"]


def test_the_guide_explains_every_scope() -> None:
    """Whoever approves the app reads why it wants what it wants."""
    guide = (ROOT / "docs" / "guide" / "slack-setup.md").read_text()
    assert [scope for scope in sorted(SCOPES) if scope not in guide] == []
