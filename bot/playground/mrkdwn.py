"""Slack's own markup (`*bold*`, `<url|label>`, `<@U123>`) as nodes.

Read https://docs.slack.dev/messaging/formatting-message-text. Where Slack's behaviour is not written down, the
livelier reading is taken: a token inside a code span still becomes a link or a mention, and a bare address becomes a
link, so that a bot which lets one through is seen to do so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from bot.playground.nodes import Node, link, plain, styled, text

MAX_DEPTH = 6
EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "thumbsup": "👍",
    "thumbsdown": "👎",
    "warning": "⚠️",
    "eyes": "👀",
    "hourglass_flowing_sand": "⏳",
    "white_check_mark": "✅",
    "x": "❌",
    "bulb": "💡",
    "books": "📚",
    "page_facing_up": "📄",
    "speech_balloon": "💬",
    "lock": "🔒",
    "wave": "👋",
}
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}

ANGLED = r"<[^<>\n]+>"
BARE_URL = r"https?://[^\s<>|`\"]*[^\s<>|`\".,;:!?)\]}'*_~]"
INLINE = re.compile(
    rf"(?P<token>{ANGLED})"
    r"|(?P<code>`[^`\n]+`)"
    r"|(?P<bold>(?<![\w*])\*(?=\S)[^*\n]+(?<=\S)\*(?![\w*]))"
    r"|(?P<italic>(?<!\w)_(?=\S)[^_\n]+(?<=\S)_(?!\w))"
    r"|(?P<strike>(?<!\w)~(?=\S)[^~\n]+(?<=\S)~(?!\w))"
    r"|(?P<emoji>:[a-z0-9_+-]+:)"
    rf"|(?P<url>\b{BARE_URL})"
    r"|(?P<break>\n)",
)
IN_CODE = re.compile(rf"(?P<token>{ANGLED})|(?P<break>\n)")
FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
QUOTED = re.compile(r"^(?:>|&gt;) ?", re.MULTILINE)
DATE = re.compile(r"!date\^(\d{1,12})\^([^^|]*)(?:\^([^|]*))?")


class Names(Protocol):
    """Who and what the ids in a message stand for."""

    def person(self, user_id: str) -> str | None:
        """Display name of a person, None for an unknown id."""
        ...

    def room(self, channel_id: str) -> str | None:
        """Name of a channel, None for an unknown id."""
        ...

    def usergroup(self, group_id: str) -> str | None:
        """Handle of a user group, None for an unknown id."""
        ...


def decode(value: str) -> str:
    """Slack's three entities, decoded once."""
    return re.sub("&(?:lt|gt|amp);", lambda match: ENTITIES[match[0]], value)


def encode(value: str) -> str:
    """Text as Slack stores what a person typed: `&`, `<` and `>` escaped."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True, slots=True)
class Mrkdwn:
    """Reads Slack's markup."""

    names: Names

    def block(self, source: str) -> tuple[Node, ...]:
        """A whole text with its fences, quotes and line breaks."""
        nodes: list[Node] = []
        for index, part in enumerate(FENCE.split(source)):
            if index % 2:
                nodes.append(Node("pre", children=tuple(self.verbatim(part))))
            else:
                nodes.extend(self._lines(part))
        return tuple(nodes)

    def _lines(self, source: str) -> Iterator[Node]:
        for quoted, lines in _runs(source.split("\n")):
            body = "\n".join(lines)
            if quoted:
                yield Node("quote", children=tuple(self.inline(QUOTED.sub("", body))))
            elif body.strip("\n"):
                yield Node("paragraph", children=tuple(self.inline(body.strip("\n"))))

    def inline(self, source: str, depth: int = 0) -> Iterator[Node]:
        """Text within a line: styles, tokens, emoji, bare addresses."""
        end = 0
        for match in INLINE.finditer(source):
            if match.start() > end:
                yield text(decode(source[end : match.start()]))
            yield from self._styled(match.lastgroup or "", match[0], depth)
            end = match.end()
        if end < len(source):
            yield text(decode(source[end:]))

    def _styled(self, kind: str, found: str, depth: int) -> Iterator[Node]:
        if kind == "token":
            yield self.token(found[1:-1])
        elif kind == "break":
            yield Node("break")
        elif kind == "emoji":
            yield text(EMOJI.get(found[1:-1], found))
        elif kind == "url":
            yield link(decode(found), (text(decode(found)),))
        elif kind == "code":
            yield Node("code", children=tuple(self.verbatim(found[1:-1])))
        else:
            deeper = depth < MAX_DEPTH
            yield styled(kind, tuple(self.inline(found[1:-1], depth + 1)) if deeper else (text(decode(found)),))

    def verbatim(self, source: str) -> Iterator[Node]:
        """Text in a code span or fence: only tokens and line breaks mean something."""
        end = 0
        for match in IN_CODE.finditer(source):
            if match.start() > end:
                yield text(decode(source[end : match.start()]))
            yield self.token(match[0][1:-1]) if match.lastgroup == "token" else Node("break")
            end = match.end()
        if end < len(source):
            yield text(decode(source[end:]))

    def token(self, body: str) -> Node:
        """What stands between angle brackets."""
        target, _, label = body.partition("|")
        if target.startswith("@"):
            return mention("@" + (self.names.person(target[1:]) or decode(label) or target[1:]), target[1:])
        if target.startswith("#"):
            return mention("#" + (self.names.room(target[1:]) or decode(label) or target[1:]), target[1:])
        if target.startswith("!"):
            return self._special(target, decode(label))
        if ":" not in target:
            return text(f"<{decode(body)}>")
        return link(decode(target), (text(decode(label or target)),))

    def _special(self, target: str, label: str) -> Node:
        if target in ("!here", "!channel", "!everyone"):
            return mention("@" + target[1:], target)
        if target.startswith("!subteam^"):
            group = target.removeprefix("!subteam^")
            return mention("@" + (self.names.usergroup(group) or label.lstrip("@") or group), group)
        found = DATE.fullmatch(target)
        return date(int(found[1]), found[2], found[3] or "", label) if found else text(label or f"<{target}>")


def mention(label: str, target: str) -> Node:
    """A person, a group, a channel or everybody, by name."""
    return Node("mention", label, attributes={"target": target})


def date(seconds: int, pattern: str, url: str, fallback: str) -> Node:
    """A moment that the reader's own clock words; `fallback` is what tests and old clients read."""
    shown = Node("date", decode(fallback), attributes={"seconds": seconds, "pattern": decode(pattern)})
    wrapped = link(url, (shown,)) if url else shown
    return wrapped if wrapped.kind != "text" else text(plain((shown,)))


def _runs(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Neighbouring lines that are all quoted, or all not."""
    run: list[str] = []
    quoted = False
    for line in lines:
        starts = line.startswith((">", "&gt;"))
        if run and starts != quoted:
            yield quoted, run
            run = []
        quoted = starts
        run.append(line)
    if run:
        yield quoted, run
