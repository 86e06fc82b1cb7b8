"""The few kinds of block that messages are made of, each within Slack's limits and inert by construction."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Block: TypeAlias = dict[str, Any]

LONGEST_BODY = 12_000
"""Characters of a message's body, streamed or not; what is longer ends in an ellipsis."""
LONGEST_PART = 3_000
"""Characters of one text in a body."""
MOST_CODE = 200
"""Spans of code in a body that are shown as code; in one with more, none is."""
LONGEST_FALLBACK = 3_000
"""Characters of the text for notifications and screen readers, escaped; chat.update refuses 4,000."""
LONGEST_LINE = 2_000
"""Characters of a line of small print."""
LONGEST_ELEMENT = 3_000
"""Characters that Slack takes in one text of a section or of small print."""
LONGEST_LABEL = 150
"""Characters of a label."""

_CODE = re.compile(r"`([^`\n]+)`")
_HALF_ENTITY = re.compile(r"&[a-z]{0,3}$")


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: blocks, and the text that stands for them where blocks are not shown."""

    text: str
    blocks: tuple[Block, ...]


def escaped(text: str, *, limit: int = LONGEST_LINE) -> str:
    """Text in which Slack's markup finds nothing to do, at most `limit` characters long once escaped."""
    whole = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(whole) <= limit:
        return whole
    return _HALF_ENTITY.sub("", whole[: limit - 1]).rstrip() + "…"


def shortened(text: str, *, limit: int) -> str:
    """At most `limit` characters, with an ellipsis in place of the rest."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def body(text: str) -> Block:
    """A message's body, character for character: rich text is not parsed, so that nothing in it can come alive.

    What stands between backticks is shown as code, everything else as it is.
    """
    said = shortened(text, limit=LONGEST_BODY)
    parts = _CODE.split(said)
    elements: list[Block] = []
    for position, part in enumerate(parts if len(parts) <= 2 * MOST_CODE else [said]):
        style = {"style": {"code": True}} if position % 2 else {}
        elements += [{"type": "text", "text": piece, **style} for piece in pieces(part)]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def pieces(text: str) -> Iterator[str]:
    """A text in pieces, each as long as one text in a body may be; none of an empty one."""
    return (text[start : start + LONGEST_PART] for start in range(0, len(text), LONGEST_PART))


def small(*markup: str) -> Block:
    """A line of small print, in Slack's markup: every part of it that is not ours must have been escaped."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": part, "verbatim": True} for part in markup]}


def remark(text: str) -> Block:
    """A line of small print, character for character."""
    shown = shortened(text, limit=LONGEST_LINE)
    return {"type": "context", "elements": [{"type": "plain_text", "text": shown, "emoji": False}]}


def code(text: str) -> str:
    """Markup for a line of code."""
    return f"`{escaped(text.replace('`', ''), limit=LONGEST_LABEL)}`"
