"""The manifest asks Slack for exactly what the edge listens to and calls, and is one that Slack takes."""

import ast
import json
import re

import pytest

from bot.errors import BadRequest
from handlers.manifest import (
    MESSAGE_SHORTCUTS,
    SCOPES,
    SCOPES_OF_EVENTS,
    SCOPES_OF_METHODS,
    SLASH_COMMANDS,
    manifest,
    mistakes,
)
from tests.architecture.listening import Recorder, recorded
from tests.architecture.sources import ROOT, python_files, tree_of

_FAMILIES = "agents|apps|assistant|auth|chat|conversations|files|reactions|usergroups|users|views"
_METHOD = re.compile(rf"(?:{_FAMILIES})\.[a-zA-Z.]+")
_ATTRIBUTE = re.compile(rf"(?:{_FAMILIES})_[a-zA-Z_]+")


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return recorded()


def methods_called() -> set[str]:
    """Every method of the Web API that the edge names, as Slack's reference does or as the SDK's client does."""
    paths = [path for path in python_files("handlers") if path.stem not in ("manifest", "pace")]
    nodes = [node for path in paths for node in ast.walk(tree_of(path))]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    client = {"client", "_client"}
    attributes = {
        node.attr.replace("_", ".")
        for node in nodes
        if isinstance(node, ast.Attribute)
        and _ATTRIBUTE.fullmatch(node.attr)
        and (node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")) in client
    }
    return {text for text in texts if _METHOD.fullmatch(text)} | attributes


def test_every_method_that_is_called_has_its_scopes() -> None:
    """A method that is not listed would fail with missing_scope in a real workspace; one that is not called goes."""
    assert methods_called() == set(SCOPES_OF_METHODS)


def test_the_events_are_those_that_are_listened_to(recorder: Recorder) -> None:
    """An event nobody subscribes to never comes, and one that nobody listens to is a wasted scope."""
    named = {event for event in recorder.events if isinstance(event, str)}
    assert {event.partition(".")[0] for event in SCOPES_OF_EVENTS} == named


def test_the_commands_and_shortcuts_are_those_that_are_listened_to(recorder: Recorder) -> None:
    """What Slack offers is answered, and what is answered is offered."""
    assert set(SLASH_COMMANDS) == {command for command in recorder.commands if isinstance(command, str)}
    assert set(MESSAGE_SHORTCUTS) == {shortcut for shortcut in recorder.shortcuts if isinstance(shortcut, str)}


def test_the_file_is_what_the_code_says() -> None:
    """`python -m tests.architecture.generated` writes it anew."""
    assert json.loads((ROOT / "manifest.json").read_text(encoding="utf-8")) == manifest()


def test_slack_takes_it() -> None:
    """Names, texts and counts keep the limits of Slack's schema, over both transports."""
    assert mistakes(manifest()) == []
    assert mistakes(manifest(request_url="https://bot.acme.example")) == []


def test_a_mistake_would_be_found() -> None:
    """The check can fail."""
    told = manifest()
    told["display_information"]["name"] = "x" * 36
    told["features"]["slash_commands"] *= 26
    assert len(mistakes(told)) == 2


def test_over_http_every_request_goes_to_the_same_door() -> None:
    """Events, clicks and commands have one address; Socket Mode is off."""
    told = manifest(request_url="https://bot.acme.example/")
    door = "https://bot.acme.example/slack/events"
    assert told["settings"]["event_subscriptions"]["request_url"] == door
    assert told["settings"]["interactivity"]["request_url"] == door
    assert {command["url"] for command in told["features"]["slash_commands"]} == {door}
    assert told["settings"]["socket_mode_enabled"] is False


@pytest.mark.parametrize("address", ["http://bot.acme.example", "bot.acme.example", "https://", "https://a@b.example"])
def test_an_address_that_slack_would_not_take_is_refused(address: str) -> None:
    """The sentence says how to write it."""
    with pytest.raises(BadRequest, match="https://HOST"):
        manifest(request_url=address)


def test_the_guide_explains_every_scope() -> None:
    """Whoever approves the app reads why it wants what it wants."""
    guide = (ROOT / "docs" / "guide" / "slack-setup.md").read_text(encoding="utf-8")
    assert [scope for scope in SCOPES if f"`{scope}`" not in guide] == []
