"""What stands in the playground: conversations, status lines, views, sessions, and the news that one has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.playground.cast import Channel
from bot.playground.messages import Message
from bot.playground.wire import Json


@dataclass(slots=True)
class Room:
    """A conversation and what was said in it. `members` are ids; `messages` are in order of time."""

    channel: Channel
    members: list[str]
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    ephemeral: dict[str, Message] = field(default_factory=dict[str, Message])
    threads: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])

    @property
    def id(self) -> str:
        """Slack's id."""
        return self.channel.id

    def roots(self) -> list[Message]:
        """Messages that stand in the channel itself."""
        return [message for message in self.messages.values() if message.thread_ts is None or message.broadcast]

    def replies(self, root_ts: str) -> list[Message]:
        """Replies in a thread, without its root."""
        return [self.messages[ts] for ts in self.threads.get(root_ts, ())]

    def put(self, message: Message) -> None:
        """Put a message where it belongs, or in place of what it was before."""
        if message.ephemeral_to is not None:
            self.ephemeral[message.ts] = message
            return
        if message.thread_ts is not None and message.ts not in self.messages:
            self.threads.setdefault(message.thread_ts, []).append(message.ts)
        self.messages[message.ts] = message

    def take(self, message: Message) -> None:
        """Take a message away."""
        self.ephemeral.pop(message.ts, None)
        if self.messages.pop(message.ts, None) and message.thread_ts is not None:
            self.threads[message.thread_ts].remove(message.ts)


@dataclass(frozen=True, slots=True)
class Status:
    """The bot's "is thinking" line in a thread, gone at `until`."""

    text: str
    loading_messages: tuple[str, ...]
    until: float


@dataclass(frozen=True, slots=True)
class View:
    """A modal on somebody's screen, or somebody's Home tab.

    `values` is what was put in so far, by `block_id` and `action_id`. `previous_id` is the modal underneath.
    """

    id: str
    owner: str
    view: Json
    hash: str
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Json = field(default_factory=dict[str, Any])
    previous_id: str | None = None
    root_id: str = ""


SessionStatus = Literal["active", "processing", "suspended", "closed"]


@dataclass(frozen=True, slots=True)
class Session:
    """A thread as a conversation with the agent: while it is `processing` people can stop it."""

    status: SessionStatus
    title: str = ""
    initiator: str | None = None


ChangeKind = Literal["message", "gone", "status", "view", "home", "prompts", "members", "bot", "trouble", "session"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a page must redraw; `of` says which, `before` is the message that an edit replaced."""

    kind: ChangeKind
    of: object = None
    before: Message | None = None
