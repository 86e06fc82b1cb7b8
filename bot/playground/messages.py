"""A message as it stands, frozen: every edit makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.playground.nodes import Node, links, plain
from bot.playground.wire import Json


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji, and the ids of those who added it."""

    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """What stands in a channel.

    `user` is the author's id and `author` the author's name; `thread_ts` is the root's timestamp, for a reply only.
    `stopped_by` is whoever stopped it while it grew.
    `other_app` is what an author that is neither a person nor our bot says of itself.
    `ephemeral_to` names the one person who sees it, None for all. `nodes` is what is shown. `earlier` keeps what the
    visible text was before each edit, oldest first.
    """

    channel: str
    ts: str
    user: str
    author: str
    text: str
    blocks: tuple[Json, ...] = ()
    nodes: tuple[Node, ...] = ()
    thread_ts: str | None = None
    client_msg_id: str | None = None
    metadata: Json | None = None
    attachments: tuple[Json, ...] = ()
    edited_ts: str | None = None
    earlier: tuple[str, ...] = ()
    ephemeral_to: str | None = None
    broadcast: bool = False
    tombstone: bool = False
    streaming_since: float | None = None
    stopped_by: str | None = None
    reactions: tuple[Reaction, ...] = ()
    username: str | None = None
    subtype: str | None = None
    files: tuple[Json, ...] = ()
    other_app: Json | None = None

    @property
    def root_ts(self) -> str:
        """The timestamp that a reply to this message must carry."""
        return self.thread_ts or self.ts

    @property
    def is_streaming(self) -> bool:
        """Whether the message was still growing when this was taken."""
        return self.streaming_since is not None

    @property
    def visible_text(self) -> str:
        """What a person reads, markup and buttons' labels resolved."""
        return plain(self.nodes)

    @property
    def links(self) -> list[str]:
        """Every live address in the message."""
        return links(self.nodes)

    @property
    def buttons(self) -> Mapping[str, Node]:
        """The buttons, by the `action_id` a click sends."""
        pressable = [node for node in self.nodes_of("button") if "action_id" in node.attributes]
        return {str(node.attributes["action_id"]): node for node in pressable}

    def nodes_of(self, kind: str) -> list[Node]:
        """Every node of one kind, in reading order."""
        found: list[Node] = []
        waiting = list(self.nodes)
        while waiting:
            node = waiting.pop(0)
            if node.kind == kind:
                found.append(node)
            waiting[:0] = node.children
        return found
