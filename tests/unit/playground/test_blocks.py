"""Block Kit: what Slack takes passes, what it refuses is refused with the place of the mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.blocks import check, check_view, with_ids
from bot.playground.nodes import plain
from bot.playground.rendering import Rendering
from bot.playground.wire import Ids
from tests.unit.playground.conftest import button, section
from tests.unit.playground.names import NAMES

Block = dict[str, Any]
DIVIDER: Block = {"type": "divider"}
OPTION: Block = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
FEEDBACK: Block = {
    "type": "feedback_buttons",
    "action_id": "rate",
    "positive_button": {"text": {"type": "plain_text", "text": "👍"}, "value": "up"},
    "negative_button": {"text": {"type": "plain_text", "text": "👎"}, "value": "down"},
}
TABLE: Block = {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}
WORDS: Block = {"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}


def plain_text(words: str) -> Block:
    return {"type": "plain_text", "text": words}


def header(words: str) -> Block:
    return {"type": "header", "text": plain_text(words)}


def context(*elements: Block) -> Block:
    return {"type": "context", "elements": list(elements)}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def markdown(words: str) -> Block:
    return {"type": "markdown", "text": words}


def overflow(count: int) -> Block:
    return {"type": "overflow", "action_id": "more", "options": [OPTION] * count}


def several(most: int) -> Block:
    return {"type": "multi_static_select", "options": [OPTION], "max_selected_items": most}


WORD: Block = {"type": "mrkdwn", "text": "a"}
CONFIRM: Block = {"title": plain_text("Sure?"), "text": WORD, "confirm": plain_text("Yes"), "deny": plain_text("No")}
CODE: Block = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x = 1"}]}
LIST: Block = {"type": "rich_text_list", "style": "ordered", "elements": [WORDS]}
TAKEN: dict[str, list[Block]] = {
    "nothing": [],
    "fifty blocks": [DIVIDER] * 50,
    "3,000 characters in a section": [section("x" * 3000)],
    "150 in a header": [header("x" * 150)],
    "ten in a context": [context(*[WORD] * 10)],
    "25 actions": [actions(*[button(str(number)) for number in range(25)])],
    "75 on a button": [actions({**button(), "text": plain_text("x" * 75), "value": "x" * 2000})],
    "12,000 of Markdown together": [markdown("x" * 6000), markdown("x" * 6000)],
    "ten fields": [{"type": "section", "fields": [WORD] * 10}],
    "a button beside a section": [{**section(), "accessory": button(url="https://example.com", style="danger")}],
    "a menu": [actions(overflow(5))],
    "a select": [actions({"type": "static_select", "action_id": "s", "options": [OPTION]})],
    "a hundred options": [actions({"type": "static_select", "options": [OPTION] * 100})],
    "ten radio buttons": [actions({"type": "radio_buttons", "options": [OPTION] * 10, "initial_option": OPTION})],
    "boxes with words": [
        actions({"type": "checkboxes", "options": [{"text": WORD, "value": "1", "description": WORD}]})
    ],
    "people and places": [actions({"type": "users_select"}, {"type": "conversations_select"})],
    "several beside a section": [{**section(), "accessory": several(1)}],
    "a question first": [actions(button(confirm=CONFIRM))],
    "a full table": [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}] * 20] * 100}],
    "code and lists": [{"type": "rich_text", "elements": [CODE, LIST]}],
    "feedback": [{"type": "context_actions", "elements": [FEEDBACK]}],
    "one table": [TABLE],
    "an image": [{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}],
    "rich text": [{"type": "rich_text", "elements": [WORDS, {"type": "rich_text_quote", "elements": []}]}],
    "two names": [{**DIVIDER, "block_id": "a"}, {**DIVIDER, "block_id": "b"}],
}
REFUSED: list[tuple[Any, str]] = [
    ("blocks", "must be an array [json-pointer:/blocks]"),
    ([DIVIDER] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    (["divider"], "missing required field: type [json-pointer:/blocks/0]"),
    ([{"type": "nonsense"}], "unsupported type: nonsense [json-pointer:/blocks/0/type]"),
    ([{"type": "carousel"}], "the playground cannot draw carousel, though Slack can [json-pointer:/blocks/0/type]"),
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
    ([{**section(), "color": "red"}], "invalid additional property: color [json-pointer:/blocks/0]"),
    ([{**DIVIDER, "text": "a"}], "invalid additional property: text [json-pointer:/blocks/0]"),
    ([{"type": "section", "fields": [WORD] * 11}], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    (
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    ([header("x" * 151)], "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "header", "text": WORD}], "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
    ([context(*[WORD] * 11)], "no more than 10 items allowed [json-pointer:/blocks/0/elements]"),
    ([context(button())], "unsupported type: button [json-pointer:/blocks/0/elements/0/type]"),
    ([context()], "must have at least 1 items [json-pointer:/blocks/0/elements]"),
    (
        [actions(*[button(str(number)) for number in range(26)])],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ([actions(button(), button())], 'action_id "go" already exists [json-pointer:/blocks/0/elements]'),
    (
        [actions({**button(), "text": plain_text("x" * 76)})],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        [actions({**button(), "text": WORD})],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]",
    ),
    (
        [actions(button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        [actions(button(style="quiet"))],
        "must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    ([actions(overflow(6))], "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"),
    (
        [actions({"type": "static_select", "options": [OPTION] * 101})],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        [actions({"type": "radio_buttons", "options": [OPTION] * 11})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        [actions({"type": "static_select", "options": [OPTION], "initial_option": {**OPTION, "value": "2"}})],
        "initial option must match one of the options [json-pointer:/blocks/0/elements/0]",
    ),
    (
        [actions({"type": "static_select", "options": [{**OPTION, "text": WORD}]})],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/options/0/text/type]",
    ),
    ([actions(several(1))], "unsupported type: multi_static_select [json-pointer:/blocks/0/elements/0/type]"),
    (
        [actions(button(confirm={**CONFIRM, "deny": plain_text("x" * 31)}))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/deny/text]",
    ),
    (
        [actions(button(confirm={"text": WORD}))],
        "missing required field: title [json-pointer:/blocks/0/elements/0/confirm]",
    ),
    (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}] * 21]}],
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]] * 101}],
        "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ),
    ([markdown("x" * 12_001)], "must be less than 12001 characters [json-pointer:/blocks/0/text]"),
    ([markdown("x" * 6001)] * 2, "markdown blocks may hold 12000 characters together [json-pointer:/blocks]"),
    ([TABLE, TABLE], "only one table is allowed per message [json-pointer:/blocks]"),
    ([{**DIVIDER, "block_id": "a"}] * 2, 'block_id "a" already exists [json-pointer:/blocks]'),
    ([{**DIVIDER, "block_id": "x" * 256}], "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    (
        [{"type": "image", "image_url": "https://example.com/a.png"}],
        "missing required field: alt_text [json-pointer:/blocks/0]",
    ),
    (
        [{"type": "rich_text", "elements": [{"type": "text", "text": "a"}]}],
        "unsupported type: text [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        [{"type": "context_actions", "elements": [FEEDBACK] * 6}],
        "no more than 5 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ([{"type": "input"}], "the playground cannot draw input, though Slack can [json-pointer:/blocks/0/type]"),
]


@pytest.mark.parametrize("blocks", TAKEN.values(), ids=TAKEN.keys())
def test_good_blocks_pass(blocks: list[Block]) -> None:
    """Blocks at their limits are taken."""
    assert check(blocks) == []


@pytest.mark.parametrize(("blocks", "problem"), REFUSED)
def test_bad_blocks_are_refused_with_their_place(blocks: Any, problem: str) -> None:
    """One past a limit, a wrong kind or a stray property is refused, and the refusal points at it."""
    assert problem in check(blocks)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("text", "type", "elements")), inner),
    max_leaves=8,
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(("section", "context", "actions", "table", "rich_text", "markdown", "header", "image"))},
    optional={
        "text": VALUES,
        "elements": VALUES,
        "fields": VALUES,
        "rows": VALUES,
        "accessory": VALUES,
        "block_id": VALUES,
    },
)


@given(st.lists(BLOCK, max_size=3))
def test_whatever_passes_can_be_drawn(blocks: list[Block]) -> None:
    """The check raises at nothing, and what it lets through never breaks the drawing."""
    if check(blocks) == []:
        plain(Rendering(NAMES).blocks(with_ids(blocks, Ids(lambda size: "0" * 2 * size))))


@pytest.mark.parametrize("blocks", TAKEN.values(), ids=TAKEN.keys())
def test_what_is_kept_has_names(blocks: list[Block]) -> None:
    """Slack names blocks and elements that come without a name, and keeps the names that are given."""
    numbers = iter(range(1000))
    kept = with_ids(blocks, Ids(lambda size: f"{next(numbers):0{2 * size}d}"))
    assert all(block["block_id"] for block in kept)
    assert len({block["block_id"] for block in kept}) == len(kept)
    assert check(list(kept)) == []


ENTRY: Block = {
    "type": "input",
    "label": {"type": "plain_text", "text": "Why"},
    "element": {"type": "plain_text_input", "action_id": "why"},
}
VIEW: Block = {"type": "modal", "title": {"type": "plain_text", "text": "Why"}, "blocks": [section()]}
VIEWS: list[tuple[Block, str]] = [
    ({**VIEW, "title": {"type": "plain_text", "text": "x" * 25}}, "must be less than 25 characters"),
    ({**VIEW, "blocks": [ENTRY]}, "missing required field: submit"),
    ({**VIEW, "blocks": [DIVIDER] * 101}, "no more than 100 items allowed"),
    ({**VIEW, "blocks": [markdown("a")]}, "unsupported type: markdown"),
    ({**VIEW, "private_metadata": "x" * 3001}, "must be less than 3001 characters"),
    (
        {**VIEW, "submit": plain_text("Go"), "blocks": [{**ENTRY, "element": {"type": "number_input"}}]},
        "missing required field: is_decimal_allowed",
    ),
    ({**VIEW, "submit": plain_text("Go"), "blocks": [{**ENTRY, "element": button()}]}, "unsupported type: button"),
    ({**VIEW, "submit": plain_text("x" * 25)}, "must be less than 25 characters"),
    ({**VIEW, "type": "home"}, "must be a view of type modal"),
]


@pytest.mark.parametrize(("view", "problem"), VIEWS)
def test_bad_views_are_refused(view: Block, problem: str) -> None:
    """A modal keeps Slack's limits on title, blocks and metadata, and has a button to send what it asks for."""
    assert any(found.startswith(problem) for found in check_view(view, "modal"))


def test_a_good_view_passes() -> None:
    """A modal with an entry and a button to send it is taken."""
    assert check_view({**VIEW, "blocks": [ENTRY], "submit": {"type": "plain_text", "text": "Send"}}, "modal") == []


def test_a_deep_tangle_is_refused() -> None:
    """Blocks nested beyond all sense are refused, not followed."""
    tangle: Any = "deep"
    for _ in range(400):
        tangle = {"type": "section", "text": tangle}
    assert check([json.loads(json.dumps(tangle))])
