"""Refuses the Block Kit that Slack refuses.

Limits are those of https://docs.slack.dev/reference/block-kit; messages are worded like Slack's, each with the JSON
pointer of the culprit. Blocks that Slack knows and the playground cannot draw are refused by name, never half shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Literal, TypeAlias, cast

from bot.playground.wire import Ids, Json

Surface = Literal["message", "modal", "home"]
Check: TypeAlias = Callable[[Any, str], Iterator[str]]
"""A check of one value at one JSON pointer; yields what is wrong with it."""

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_MARKDOWN = 12_000


def check(blocks: object, surface: Surface = "message", path: str = "/blocks") -> list[str]:
    """Everything wrong with `blocks`, nothing when Slack would take them."""
    if not isinstance(blocks, list):
        return [_at("must be an array", path)]
    listed = cast("list[Any]", blocks)
    problems = list(_array(_any_block(surface), longest=MOST_BLOCKS[surface], shortest=0)(listed, path))
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
            yield _at(f'block_id "{block_id}" already exists', path)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MOST_MARKDOWN:
        yield _at(f"markdown blocks may hold {MOST_MARKDOWN} characters together", path)
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield _at("only one table is allowed per message", path)


# --- what checks are made of -----------------------------------------------------------------------------------------


def _at(problem: str, path: str) -> str:
    return f"{problem} [json-pointer:{path}]"


def _string(longest: int, shortest: int = 1) -> Check:
    def checked(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield _at("must be a string", path)
        elif len(value) < shortest:
            yield _at(f"must be more than {shortest - 1} characters", path)
        elif len(value) > longest:
            yield _at(f"must be less than {longest + 1} characters", path)

    return checked


def _boolean(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _at("must be a boolean", path)


def _integer(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield _at("must be an integer", path)


def _anything(value: Any, path: str) -> Iterator[str]:
    del value, path
    return iter(())


def _choice(*allowed: str) -> Check:
    def checked(value: Any, path: str) -> Iterator[str]:
        if value not in allowed:
            yield _at(f"must be a valid enum value: {', '.join(allowed)}", path)

    return checked


def _array(of: Check, longest: int, shortest: int = 1) -> Check:
    def checked(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _at("must be an array", path)
            return
        items = cast("list[Any]", value)
        if len(items) < shortest:
            yield _at(f"must have at least {shortest} items", path)
        if len(items) > longest:
            yield _at(f"no more than {longest} items allowed", path)
        yield from chain.from_iterable(of(item, f"{path}/{position}") for position, item in enumerate(items))

    return checked


def _object(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    known = {**optional, **required, "type": _anything}

    def checked(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _at("must be an object", path)
            return
        fields = cast("Json", value)
        yield from (_at(f"missing required field: {name}", path) for name in required if name not in fields)
        for name, inner in fields.items():
            if name in known:
                yield from known[name](inner, f"{path}/{name}")
            else:
                yield _at(f"invalid additional property: {name}", path)

    return checked


def _typed(kinds: Mapping[str, Check]) -> Check:
    def checked(value: Any, path: str) -> Iterator[str]:
        kind: object = cast("Json", value).get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            yield _at("missing required field: type", path)
        elif kind in kinds:
            yield from kinds[kind](value, path)
        elif kind in UNDRAWN:
            yield _at(f"the playground cannot draw {kind}, though Slack can", f"{path}/type")
        else:
            yield _at(f"unsupported type: {kind}", f"{path}/type")

    return checked


# --- objects and elements --------------------------------------------------------------------------------------------


def _plain(longest: int) -> Check:
    return _typed({"plain_text": _object({"text": _string(longest)}, {"emoji": _boolean})})


def _text(longest: int) -> Check:
    mrkdwn = _object({"text": _string(longest)}, {"verbatim": _boolean})
    return _typed({"mrkdwn": mrkdwn, "plain_text": _object({"text": _string(longest)}, {"emoji": _boolean})})


_ACTION_ID = _string(255)
_CONFIRM = _object(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)},
    {"style": _choice("primary", "danger")},
)
_BUTTON = _object(
    {"text": _plain(75)},
    {
        "action_id": _ACTION_ID,
        "url": _string(3000),
        "value": _string(2000),
        "style": _choice("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": _string(75),
    },
)


def _option(text_of: Callable[[int], Check]) -> Check:
    required = {"text": text_of(75), "value": _string(150)}
    return _object(required, {"description": text_of(75), "url": _string(3000)})


_OVERFLOW = _object(
    {"options": _array(_option(_plain), longest=5)},
    {"action_id": _ACTION_ID, "confirm": _CONFIRM},
)
_SELECT = _object(
    {"options": _array(_option(_plain), longest=100)},
    {
        "placeholder": _plain(150),
        "action_id": _ACTION_ID,
        "confirm": _CONFIRM,
        "initial_option": _option(_plain),
        "focus_on_load": _boolean,
    },
)
_FEEDBACK_SIDE = _object({"text": _plain(75), "value": _string(2000)}, {"accessibility_label": _string(75)})
_FEEDBACK = _object(
    {"positive_button": _FEEDBACK_SIDE, "negative_button": _FEEDBACK_SIDE},
    {"action_id": _ACTION_ID},
)
_ICON_BUTTON = _object(
    {"icon": _choice("trash"), "text": _plain(75)},
    {
        "action_id": _ACTION_ID,
        "value": _string(2000),
        "confirm": _CONFIRM,
        "accessibility_label": _string(75),
        "visible_to_user_ids": _array(_string(20), longest=100),
    },
)
_IMAGE_ELEMENT = _object({"image_url": _string(3000), "alt_text": _string(2000)}, {})
_ENTRY = _object(
    {},
    {
        "action_id": _ACTION_ID,
        "placeholder": _plain(150),
        "initial_value": _string(3000, shortest=0),
        "multiline": _boolean,
        "min_length": _integer,
        "max_length": _integer,
        "focus_on_load": _boolean,
    },
)
_ACTIONS = {"button": _BUTTON, "overflow": _OVERFLOW, "static_select": _SELECT}

# --- rich text -------------------------------------------------------------------------------------------------------

_STYLE = _object({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), _boolean))
_LEAF = _typed(
    {
        "text": _object({"text": _string(40_000)}, {"style": _STYLE}),
        "link": _object({"url": _string(3000)}, {"text": _string(40_000), "style": _STYLE, "unsafe": _boolean}),
        "user": _object({"user_id": _string(20)}, {"style": _STYLE}),
        "channel": _object({"channel_id": _string(20)}, {"style": _STYLE}),
        "usergroup": _object({"usergroup_id": _string(20)}, {"style": _STYLE}),
        "broadcast": _object({"range": _choice("here", "channel", "everyone")}, {"style": _STYLE}),
        "emoji": _object({"name": _string(100)}, {"unicode": _string(100), "style": _STYLE, "skin_tone": _integer}),
        "date": _object(
            {"timestamp": _integer, "format": _string(500)},
            {"url": _string(3000), "fallback": _string(500), "style": _STYLE},
        ),
    },
)
_LEAVES = _array(_LEAF, longest=1000, shortest=0)
_RICH_SECTION = _object({"elements": _LEAVES}, {})
_RICH = _typed(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_preformatted": _object({"elements": _LEAVES}, {"border": _integer, "language": _string(50)}),
        "rich_text_quote": _object({"elements": _LEAVES}, {"border": _integer}),
        "rich_text_list": _object(
            {
                "style": _choice("bullet", "ordered"),
                "elements": _array(_typed({"rich_text_section": _RICH_SECTION}), longest=1000),
            },
            {"indent": _integer, "offset": _integer, "border": _integer},
        ),
    },
)

# --- blocks ----------------------------------------------------------------------------------------------------------


def _block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return _object(required, {"block_id": _string(255), **(optional or {})})


def _section(value: Any, path: str) -> Iterator[str]:
    yield from _SECTION(value, path)
    if not value.get("text") and not value.get("fields"):
        yield _at("missing required field: text", path)


def _elements(of: Check, longest: int) -> Check:
    """Elements of one block, whose `action_id`s must differ."""
    inner = _array(of, longest)

    def checked(value: Any, path: str) -> Iterator[str]:
        problems = list(inner(value, path))
        yield from problems
        if not problems:
            named = Counter(item["action_id"] for item in value if item.get("action_id"))
            repeated = (action_id for action_id, times in named.items() if times > 1)
            yield from (_at(f'action_id "{action_id}" already exists', path) for action_id in repeated)

    return checked


_SECTION = _block(
    {},
    {
        "text": _text(3000),
        "fields": _array(_text(2000), longest=10),
        "accessory": _typed({**_ACTIONS, "image": _IMAGE_ELEMENT}),
        "expand": _boolean,
    },
)
_CONTEXT_TEXT = _text(3000)
_CELL = _typed(
    {
        "raw_text": _object({"text": _string(10_000, shortest=0)}, {}),
        "raw_number": _object({"text": _string(1000)}, {"value": _anything}),
        "rich_text": _object({"elements": _array(_RICH, longest=100)}, {}),
    },
)
_COLUMN = _object({}, {"align": _choice("left", "center", "right"), "is_wrapped": _boolean})
_ANYWHERE: Mapping[str, Check] = {
    "section": _section,
    "header": _block({"text": _plain(150)}, {"level": _integer}),
    "divider": _block({}),
    "context": _block(
        {
            "elements": _array(
                _typed({"mrkdwn": _CONTEXT_TEXT, "plain_text": _CONTEXT_TEXT, "image": _IMAGE_ELEMENT}),
                longest=10,
            ),
        },
    ),
    "actions": _block({"elements": _elements(_typed(_ACTIONS), longest=25)}),
    "image": _block({"image_url": _string(3000), "alt_text": _string(2000)}, {"title": _plain(2000)}),
    "rich_text": _block({"elements": _array(_RICH, longest=1000)}),
}
_IN_MESSAGES: Mapping[str, Check] = {
    "markdown": _block({"text": _string(MOST_MARKDOWN)}),
    "context_actions": _block(
        {"elements": _elements(_typed({"feedback_buttons": _FEEDBACK, "icon_button": _ICON_BUTTON}), longest=5)},
    ),
    "table": _block(
        {"rows": _array(_array(_CELL, longest=20), longest=100)},
        {"column_settings": _array(_COLUMN, longest=20, shortest=0)},
    ),
}
_IN_FORMS: Mapping[str, Check] = {
    "input": _block(
        {"label": _plain(2000), "element": _typed({"plain_text_input": _ENTRY})},
        {"hint": _plain(2000), "optional": _boolean, "dispatch_action": _boolean},
    ),
}
UNDRAWN: frozenset[str] = frozenset(
    (
        "alert",
        "card",
        "carousel",
        "container",
        "data_table",
        "data_visualization",
        "plan",
        "task_card",
        "auth_provider",
        "file",
        "video",
        "call",
        "checkboxes",
        "radio_buttons",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "users_select",
        "conversations_select",
        "channels_select",
        "external_select",
        "multi_static_select",
        "multi_users_select",
        "multi_conversations_select",
        "multi_channels_select",
        "multi_external_select",
        "number_input",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
        "workflow_button",
        "input",
    ),
)
"""What Slack knows and the playground has no picture of."""


def _any_block(surface: Surface) -> Check:
    return _typed({**_ANYWHERE, **(_IN_MESSAGES if surface == "message" else _IN_FORMS)})


# --- views and metadata ----------------------------------------------------------------------------------------------

_VIEW_FIELDS: Mapping[str, Check] = {
    "callback_id": _string(255, shortest=0),
    "private_metadata": _string(3000, shortest=0),
    "external_id": _string(255, shortest=0),
    "clear_on_close": _boolean,
    "notify_on_close": _boolean,
}
_MODAL = _object(
    {"title": _plain(24), "blocks": _anything},
    {**_VIEW_FIELDS, "submit": _plain(24), "close": _plain(24), "submit_disabled": _boolean},
)
_HOME = _object({"blocks": _anything}, _VIEW_FIELDS)


def check_view(view: Any, kind: Literal["modal", "home"]) -> list[str]:
    """Everything wrong with a view."""
    if not isinstance(view, dict) or cast("Json", view).get("type") != kind:
        return [_at(f"must be a view of type {kind}", "/view/type")]
    fields = cast("Json", view)
    problems = list((_MODAL if kind == "modal" else _HOME)(fields, "/view"))
    problems += check(fields.get("blocks"), kind, "/view/blocks")
    if not problems and "submit" not in fields and any(block["type"] == "input" for block in fields["blocks"]):
        problems.append(_at("missing required field: submit", "/view"))
    return problems
