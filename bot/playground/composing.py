"""What a person types, as Slack stores it: escaped text, and the same as a `rich_text` block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.playground.mrkdwn import BARE_URL, decode, encode
from bot.playground.wire import Json

PIECES = re.compile(rf"<(?P<sigil>[@#])(?P<name>[\w.-]+)>|@(?P<typed>\w[\w.-]*)|(?P<url>\b{BARE_URL})")

STORED = re.compile(r"<(?:@(?P<person>\w+)|#(?P<room>\w+)|(?P<address>[^<>|]+))>")


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as it leaves the message box. `mentions` are the user ids in it."""

    text: str
    blocks: tuple[Json, ...]
    mentions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Composer:
    """Turns typing into a message.

    `people` and `rooms` map what may be typed, in lower case, to ids: `<@ana>`, `@Footnote`, `<#general>`. Whatever is
    not known stays the text it is.
    """

    people: Mapping[str, str]
    rooms: Mapping[str, str]

    def compose(self, typed: str) -> Composed:
        """The message for `typed`."""
        elements = list(self._elements(typed))
        section = {"type": "rich_text_section", "elements": elements}
        mentions = frozenset(str(e["user_id"]) for e in elements if e["type"] == "user")
        return Composed("".join(map(_stored, elements)), ({"type": "rich_text", "elements": [section]},), mentions)

    def typed(self, stored: str) -> str:
        """What to type for a message that was composed here: `compose` makes the same of it."""
        people = {key: name for name, key in self.people.items()}
        rooms = {key: name for name, key in self.rooms.items()}

        def spelt(match: re.Match[str]) -> str:
            if match["person"]:
                return "@" + people.get(match["person"], match["person"])
            return f"<#{rooms.get(match['room'], match['room'])}>" if match["room"] else match["address"]

        return decode(STORED.sub(spelt, stored))

    def _elements(self, typed: str) -> Iterator[Json]:
        end = 0
        for match in PIECES.finditer(typed):
            element, length = self._element(match)
            if element is None:
                continue
            if match.start() > end:
                yield {"type": "text", "text": typed[end : match.start()]}
            yield element
            end = match.start() + length
        if end < len(typed):
            yield {"type": "text", "text": typed[end:]}

    def _element(self, match: re.Match[str]) -> tuple[Json | None, int]:
        """The element that was typed, and how much of the match it takes: `@ana.` is Ana and a full stop."""
        if match["url"]:
            return {"type": "link", "url": match["url"]}, len(match[0])
        if match["sigil"] == "#":
            room = self.rooms.get(match["name"].lower())
            return ({"type": "channel", "channel_id": room} if room else None), len(match[0])
        name = match["name"] or match["typed"]
        trimmed = name if match["name"] else name.rstrip(".-")
        person = self.people.get(trimmed.lower())
        length = len(match[0]) - (len(name) - len(trimmed))
        return ({"type": "user", "user_id": person} if person else None), length


def _stored(element: Json) -> str:
    if element["type"] == "user":
        return f"<@{element['user_id']}>"
    if element["type"] == "channel":
        return f"<#{element['channel_id']}>"
    return f"<{encode(element['url'])}>" if element["type"] == "link" else encode(element["text"])
