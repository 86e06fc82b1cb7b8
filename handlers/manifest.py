"""The Slack app as Slack is told of it: made from what the edge listens to and calls, so that it cannot lag behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from bot.errors import BadRequest
from handlers.buttons import Shortcut
from handlers.commands import ASK, SEARCH

PATH = "/slack/events"
"""Where Slack's requests go over HTTP, whatever they are."""

_HISTORY = ("channels:history", "groups:history", "im:history")
_CHANNELS = ("channels:read", "groups:read")
_WRITE = ("chat:write",)

SCOPES_OF_METHODS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "agents.sessions.setStatus": ("assistant:write", "chat:write"),
        "apps.connections.open": (),
        "assistant.threads.setStatus": _WRITE,
        "assistant.threads.setSuggestedPrompts": ("assistant:write",),
        "auth.test": (),
        "chat.appendStream": _WRITE,
        "chat.delete": _WRITE,
        "chat.getPermalink": (),
        "chat.postEphemeral": _WRITE,
        "chat.postMessage": _WRITE,
        "chat.startStream": _WRITE,
        "chat.stopStream": _WRITE,
        "chat.update": _WRITE,
        "conversations.history": _HISTORY,
        "conversations.info": _CHANNELS,
        "conversations.members": _CHANNELS,
        "conversations.open": ("im:write",),
        "conversations.replies": _HISTORY,
        "usergroups.list": ("usergroups:read",),
        "users.info": ("users:read",),
        "users.list": ("users:read",),
        "users.lookupByEmail": ("users:read.email",),
        "views.open": (),
        "views.publish": (),
        "views.push": (),
        "views.update": (),
    }
)
"""Scopes that each method we call wants, from its reference page; nobody is looked up in a direct message."""

SCOPES_OF_EVENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "agent_session_stopped": ("assistant:write",),
        "app_context_changed": ("assistant:write",),
        "app_home_opened": (),
        "app_mention": ("app_mentions:read",),
        "message.channels": ("channels:history",),
        "message.groups": ("groups:history",),
        "message.im": ("im:history",),
    }
)
"""Scopes that each event we subscribe to wants."""

SCOPES = tuple(sorted({"commands"}.union(*SCOPES_OF_METHODS.values(), *SCOPES_OF_EVENTS.values())))
"""All that the bot asks for; `commands` also stands for shortcuts."""

SLASH_COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ASK: ("Ask the docs: only you see the answer", "your question"),
        SEARCH: ("Find passages in the docs", "words to look for"),
    }
)
"""Each command with what it does and what is typed after it."""

MESSAGE_SHORTCUTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Shortcut.ANSWER_THIS: ("Answer this", "Answer this message from the docs"),
        Shortcut.SUMMARISE_THREAD: ("Summarise thread", "Sum up this thread, for you alone"),
    }
)
"""Each shortcut in the menu of a message, with its name and what it does."""


def manifest(*, request_url: str = "") -> dict[str, Any]:
    """The manifest for Socket Mode, or for HTTP with the public address of this bot.

    Raises `BadRequest` for an address that Slack would not take.
    """
    url = _request_url(request_url) if request_url else ""
    over_http = {"request_url": url} if url else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Footnote",
            "description": "Answers questions from your company's documents, and says where each answer comes from.",
            "background_color": "#1f3a5f",
        },
        "features": _features(url),
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**over_http, "bot_events": sorted(SCOPES_OF_EVENTS)},
            "interactivity": {"is_enabled": True, **over_http},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def _features(url: str) -> dict[str, Any]:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "agent_view": {
            "agent_description": "Answers from your company's documents, with a footnote for every sentence."
        },
        "bot_user": {"display_name": "Footnote", "always_online": True},
        "shortcuts": [
            {"name": name, "type": "message", "callback_id": str(callback_id), "description": said}
            for callback_id, (name, said) in MESSAGE_SHORTCUTS.items()
        ],
        "slash_commands": [
            {
                "command": command,
                **({"url": url} if url else {}),
                "description": said,
                "usage_hint": hint,
                "should_escape": True,
            }
            for command, (said, hint) in SLASH_COMMANDS.items()
        ],
    }


def _request_url(address: str) -> str:
    """The request URL for the bot's public address, with its path where none is named."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise BadRequest(f"{address!r} cannot be a request URL; write https://HOST, as Slack reaches this bot")
    return address if parts.path not in ("", "/") else f"https://{parts.netloc}{PATH}"


def mistakes(told: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a manifest (version 2 of its schema): a sentence for each, none when it is sound."""
    features, settings = told["features"], told["settings"]
    shown = told["display_information"]
    lengths = [
        ("name", shown["name"], 35),
        ("description", shown["description"], 140),
        ("agent description", features["agent_view"]["agent_description"], 300),
        *(("command", one["command"], 32) for one in features["slash_commands"]),
        *(("usage hint", one["usage_hint"], 1_000) for one in features["slash_commands"]),
        *(("shortcut", one["name"], 24) for one in features["shortcuts"]),
    ]
    counts = [
        ("commands", features["slash_commands"], 50),
        ("shortcuts", features["shortcuts"], 10),
        ("events", settings["event_subscriptions"]["bot_events"], 100),
    ]
    return [*_too_long(lengths), *(f"more than {most} {what}" for what, found, most in counts if len(found) > most)]


def _too_long(lengths: Iterable[tuple[str, str, int]]) -> list[str]:
    return [f"the {what} {text!r} is longer than {most} characters" for what, text, most in lengths if len(text) > most]
