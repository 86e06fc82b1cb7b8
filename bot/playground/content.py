"""What a message may say: text, blocks, Markdown, metadata, and the refusals each of them can earn."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.playground import blocks
from bot.playground.arguments import Arguments
from bot.playground.refusals import Refusal
from bot.playground.wire import Ids, Json

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000
LONGEST_MARKDOWN = 12_000
MOST_ATTACHMENTS = 100
LARGEST_METADATA = 8_192
EVENT_TYPE = re.compile(r"[A-Za-z0-9_.:-]{1,255}")


@dataclass(frozen=True, slots=True)
class Content:
    """The body of a message."""

    text: str
    blocks: tuple[Json, ...]
    attachments: tuple[Json, ...]


def content(given: Arguments, ids: Ids) -> Content:
    """The body that `given` asks for; raises what Slack raises for an empty or a broken one."""
    markdown = given.optional_text("markdown_text")
    if markdown is not None:
        if given.text("text") or given.items("blocks"):
            raise Refusal("markdown_text_conflict")
        if len(markdown) > LONGEST_MARKDOWN:
            raise Refusal("msg_too_long")
        shown = blocks.with_ids([{"type": "markdown", "text": markdown}], ids)
        return Content(markdown, shown, ())
    listed = checked_blocks(given.items("blocks") or [], ids)
    attachments = tuple(given.items("attachments") or ())
    if len(attachments) > MOST_ATTACHMENTS:
        raise Refusal("too_many_attachments")
    if not all(isinstance(attachment, dict) for attachment in attachments):
        raise Refusal("invalid_attachments")
    if not given.text("text").strip() and not listed and not attachments:
        raise Refusal("no_text")
    return Content(given.text("text")[:LONGEST_TEXT], listed, attachments)


def checked_blocks(listed: list[Any], ids: Ids) -> tuple[Json, ...]:
    """Blocks that Slack would take."""
    problems = blocks.check(listed)
    if problems:
        raise Refusal("invalid_blocks", *problems, errors=problems)
    return blocks.with_ids(listed, ids)


def metadata(given: Arguments) -> Json | None:
    """Message metadata: None when not given, empty to take it away."""
    value = given.mapping("metadata")
    if not value:
        return value
    if value.keys() - {"event_type", "event_payload"} or not isinstance(value.get("event_payload"), dict):
        raise Refusal("invalid_metadata_format")
    if not isinstance(value.get("event_type"), str) or not EVENT_TYPE.fullmatch(value["event_type"]):
        raise Refusal("invalid_metadata_schema")
    if len(json.dumps(value).encode()) > LARGEST_METADATA:
        raise Refusal("metadata_too_large")
    return value
