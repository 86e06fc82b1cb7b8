"""Refuses the Block Kit that Slack refuses.

Limits are those of https://docs.slack.dev/reference/block-kit; messages are worded like Slack's, each with the JSON
pointer of the culprit. Blocks that Slack knows and the playground cannot draw are refused by name, never half shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from bot.playground.checks import Check, anything, array, at, boolean, choice, integer, mapping, string, typed
from bot.playground.elements import (
    IMAGE,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUTS,
    IN_SECTIONS,
    any_text,
    plain_text,
)
from bot.playground.wire import Ids, Json

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_MARKDOWN = 12_000


def check(blocks: object, surface: Surface = "message", path: str = "/blocks") -> list[str]:
    """Everything wrong with `blocks`, nothing when Slack would take them."""
    if not isinstance(blocks, list):
        return [at("must be an array", path)]
    listed = cast("list[Any]", blocks)
    problems = list(array(_any_block(surface), longest=MOST_BLOCKS[surface], shortest=0)(listed, path))
    if problems:
        return problems
    return [*_across(cast("list[Json]", listed), path)]


def with_ids(blocks: Sequence[Json], ids: Ids) -> tuple[Json, ...]:
    """The blocks as Slack keeps them: a block without `block_id` and an element without `action_id` gets one."""
    return tuple(_with_actions({**block, "block_id": block.get("block_id") or ids.block()}, ids) for block in blocks)


def _with_actions(block: Json, ids: Ids) -> Json:
    if block["type"] in ("actions", "context_actions"):
        return {**block, "elements": [_with_action(element, ids) for element in block["elements"]]}
    for place in ("accessory", "element"):
        if place in block and block[place]["type"] != "image":
            return {**block, place: _with_action(block[place], ids)}
    return block


def _with_action(element: Json, ids: Ids) -> Json:
    return {**element, "action_id": element.get("action_id") or ids.block()}


def _across(blocks: Sequence[Json], path: str) -> Iterator[str]:
    """Rules that span the blocks of one message."""
    named = Counter(block["block_id"] for block in blocks if block.get("block_id"))
    for block_id, times in named.items():
        if times > 1:
            yield at(f'block_id "{block_id}" already exists', path)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MOST_MARKDOWN:
        yield at(f"markdown blocks may hold {MOST_MARKDOWN} characters together", path)
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield at("only one table is allowed per message", path)


# --- rich text -------------------------------------------------------------------------------------------------------

_STYLE = mapping({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), boolean))
_LEAF = typed(
    {
        "text": mapping({"text": string(40_000)}, {"style": _STYLE}),
        "link": mapping({"url": string(3000)}, {"text": string(40_000), "style": _STYLE, "unsafe": boolean}),
        "user": mapping({"user_id": string(20)}, {"style": _STYLE}),
        "channel": mapping({"channel_id": string(20)}, {"style": _STYLE}),
        "usergroup": mapping({"usergroup_id": string(20)}, {"style": _STYLE}),
        "broadcast": mapping({"range": choice("here", "channel", "everyone")}, {"style": _STYLE}),
        "emoji": mapping({"name": string(100)}, {"unicode": string(100), "style": _STYLE, "skin_tone": integer}),
        "date": mapping(
            {"timestamp": integer, "format": string(500)},
            {"url": string(3000), "fallback": string(500), "style": _STYLE},
        ),
    },
)
_LEAVES = array(_LEAF, longest=1000, shortest=0)
_RICH_SECTION = mapping({"elements": _LEAVES}, {})
_RICH = typed(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_preformatted": mapping({"elements": _LEAVES}, {"border": integer, "language": string(50)}),
        "rich_text_quote": mapping({"elements": _LEAVES}, {"border": integer}),
        "rich_text_list": mapping(
            {
                "style": choice("bullet", "ordered"),
                "elements": array(typed({"rich_text_section": _RICH_SECTION}), longest=1000),
            },
            {"indent": integer, "offset": integer, "border": integer},
        ),
    },
)

# --- blocks ----------------------------------------------------------------------------------------------------------


def _block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return mapping(required, {"block_id": string(255), **(optional or {})})


def _section(value: Any, path: str) -> Iterator[str]:
    yield from _SECTION(value, path)
    if not value.get("text") and not value.get("fields"):
        yield at("missing required field: text", path)


def _elements(of: Check, longest: int) -> Check:
    """Elements of one block, whose `action_id`s must differ."""
    inner = array(of, longest)

    def checked(value: Any, path: str) -> Iterator[str]:
        problems = list(inner(value, path))
        yield from problems
        if not problems:
            named = Counter(item["action_id"] for item in value if item.get("action_id"))
            repeated = (action_id for action_id, times in named.items() if times > 1)
            yield from (at(f'action_id "{action_id}" already exists', path) for action_id in repeated)

    return checked


_SECTION = _block(
    {},
    {
        "text": any_text(3000),
        "fields": array(any_text(2000), longest=10),
        "accessory": typed(IN_SECTIONS),
        "expand": boolean,
    },
)
_CONTEXT_TEXT = any_text(3000)
_CELL = typed(
    {
        "raw_text": mapping({"text": string(10_000, shortest=0)}, {}),
        "raw_number": mapping({"text": string(1000)}, {"value": anything}),
        "rich_text": mapping({"elements": array(_RICH, longest=100)}, {}),
    },
)
_COLUMN = mapping({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})
_ANYWHERE: Mapping[str, Check] = {
    "section": _section,
    "header": _block({"text": plain_text(150)}, {"level": integer}),
    "divider": _block({}),
    "context": _block(
        {
            "elements": array(
                typed({"mrkdwn": _CONTEXT_TEXT, "plain_text": _CONTEXT_TEXT, "image": IMAGE}),
                longest=10,
            ),
        },
    ),
    "actions": _block({"elements": _elements(typed(IN_ACTIONS), longest=25)}),
    "image": _block({"image_url": string(3000), "alt_text": string(2000)}, {"title": plain_text(2000)}),
    "rich_text": _block({"elements": array(_RICH, longest=1000)}),
}
_IN_MESSAGES: Mapping[str, Check] = {
    "markdown": _block({"text": string(MOST_MARKDOWN)}),
    "context_actions": _block(
        {"elements": _elements(typed(IN_CONTEXT_ACTIONS), longest=5)},
    ),
    "table": _block(
        {"rows": array(array(_CELL, longest=20), longest=100)},
        {"column_settings": array(_COLUMN, longest=20, shortest=0)},
    ),
}
_IN_FORMS: Mapping[str, Check] = {
    "input": _block(
        {"label": plain_text(2000), "element": typed(IN_INPUTS)},
        {"hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
}


def _any_block(surface: Surface) -> Check:
    return typed({**_ANYWHERE, **(_IN_MESSAGES if surface == "message" else _IN_FORMS)})


# --- views and metadata ----------------------------------------------------------------------------------------------

_VIEW_FIELDS: Mapping[str, Check] = {
    "callback_id": string(255, shortest=0),
    "private_metadata": string(3000, shortest=0),
    "external_id": string(255, shortest=0),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
}
_MODAL = mapping(
    {"title": plain_text(24), "blocks": anything},
    {**_VIEW_FIELDS, "submit": plain_text(24), "close": plain_text(24), "submit_disabled": boolean},
)
_HOME = mapping({"blocks": anything}, _VIEW_FIELDS)


def check_view(view: Any, kind: Literal["modal", "home"]) -> list[str]:
    """Everything wrong with a view."""
    if not isinstance(view, dict) or cast("Json", view).get("type") != kind:
        return [at(f"must be a view of type {kind}", "/view/type")]
    fields = cast("Json", view)
    problems = list((_MODAL if kind == "modal" else _HOME)(fields, "/view"))
    problems += check(fields.get("blocks"), kind, "/view/blocks")
    if (
        kind == "modal"
        and not problems
        and "submit" not in fields
        and any(block["type"] == "input" for block in fields["blocks"])
    ):
        problems.append(at("missing required field: submit", "/view"))
    return problems
