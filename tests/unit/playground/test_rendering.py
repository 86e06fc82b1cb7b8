"""What people see: markup read as Slack reads it, and nothing dangerous ever alive."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.markdown import Markdown
from bot.playground.mrkdwn import Mrkdwn, encode
from bot.playground.nodes import Node, links, plain, walk
from bot.playground.rendering import Rendering
from tests.unit.playground.names import NAMES

MRKDWN = Mrkdwn(NAMES)
MARKDOWN = Markdown(NAMES)
RENDERING = Rendering(NAMES)


def kinds(nodes: tuple[Node, ...]) -> list[str]:
    """The kinds of the nodes, without those every text has."""
    return [node.kind for node in walk(nodes) if node.kind not in ("text", "paragraph")]


SLACK_MARKUP: list[tuple[str, str, list[str]]] = [
    ("*bold* _italic_ ~gone~ `code`", "bold italic gone code", ["bold", "italic", "strike", "code"]),
    ("2*3*4 snake_case_name a~b~c", "2*3*4 snake_case_name a~b~c", []),
    ("*bold _and italic_*", "bold and italic", ["bold", "italic"]),
    ("<https://example.com|a page>", "a page", ["link"]),
    ("<https://example.com>", "https://example.com", ["link"]),
    ("see https://example.com/a_b.", "see https://example.com/a_b.", ["link"]),
    ("<@U07ANARBRO1> <#C07GENERAL1> <!subteam^S07PEOPLEOP>", "@Ana Ribeiro #general @people-ops", ["mention"] * 3),
    ("<@U0NOBODY|somebody> <!channel>", "@somebody @channel", ["mention"] * 2),
    ("&lt;b&gt; &amp;amp;", "<b> &amp;", []),
    ("&gt; quoted\nnot", "quoted\nnot", ["quote"]),
    ("> quoted\n> twice", "quoted\ntwice", ["quote", "break"]),
    ("```\nx = 1\n  y\n```", "x = 1\n  y", ["pre", "break"]),
    ("a\nb", "a\nb", ["break"]),
    ("**not Markdown** [no](https://example.com)", "**not Markdown** [no](https://example.com)", ["link"]),
    (":thumbsup: :nonsense:", "👍 :nonsense:", []),
    ("<!date^1392734382^{date}|a day in 2014>", "a day in 2014", ["date"]),
]
STANDARD_MARKUP: list[tuple[str, str, list[str]]] = [
    ("**bold** *italic* ~~gone~~ `code`", "bold italic gone code", ["bold", "italic", "strike", "code"]),
    ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4", []),
    ("# Title\ntext", "Title\ntext", ["heading"]),
    ("- one\n- two\n  - nested", "one\ntwo\nnested", ["list", "item", "item", "list", "item"]),
    ("3. three\n4. four", "three\nfour", ["list", "item", "item"]),
    ("> quoted", "quoted", ["quote"]),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2", ["table", "row", "cell", "cell", "row", "cell", "cell"]),
    ("```python\nx = [a](b)\n```", "x = [a](b)", ["pre"]),
    ("[a page](https://example.com/a_(b))", "a page", ["link"]),
    ("[a page][1]\n\n[1]: https://example.com", "a page", ["link"]),
    ("![a picture](https://example.com/a.png)", "a picture", ["link"]),
    ("<@U07ANARBRO1> and <!here>", "@Ana Ribeiro and @here", ["mention", "mention"]),
    (r"\*plain\* \[plain\](x)", "*plain* [plain](x)", []),
    ("a\n\n---\n\nb", "a\n\nb", ["divider"]),
    ("<b>not HTML</b>", "<b>not HTML</b>", []),
]
HOSTILE = [
    "<javascript:alert(1)|click>",
    "<data:text/html,x|click>",
    "<vbscript:x|click>",
    "<JaVaScRiPt:alert(1)|click>",
    "<slack://channel?id=1|click>",
    "<mailto:a@example.com|click>",
    "< javascript:alert(1)|click>",
    "<http:example.com\x00javascript:|click>",
]


@pytest.mark.parametrize(("source", "words", "expected"), SLACK_MARKUP)
def test_slack_markup_is_read_as_slack_reads_it(source: str, words: str, expected: list[str]) -> None:
    """Styles, tokens, quotes and code, and not standard Markdown."""
    nodes = MRKDWN.block(source)
    assert (plain(nodes), kinds(nodes)) == (words, expected)


@pytest.mark.parametrize(("source", "words", "expected"), STANDARD_MARKUP)
def test_markdown_is_read_as_a_markdown_block(source: str, words: str, expected: list[str]) -> None:
    """Headings, lists, tables, references, and Slack's tokens, which come alive here too."""
    nodes = MARKDOWN.block(source)
    assert (plain(nodes), kinds(nodes)) == (words, expected)


@pytest.mark.parametrize("source", HOSTILE)
def test_only_web_addresses_become_links(source: str) -> None:
    """Any other scheme leaves its label as plain text, in Slack's markup and in Markdown."""
    address, _, label = source.strip("<>").partition("|")
    for nodes in (MRKDWN.block(source), MARKDOWN.block(source), MARKDOWN.block(f"[{label}]({address})")):
        assert not any(node.kind == "link" for node in walk(nodes) if "http:example" not in source)
        assert label in plain(nodes)


def test_a_file_is_an_address_to_copy() -> None:
    """A page on http cannot open file addresses, so they are shown to be copied."""
    (paragraph,) = MRKDWN.block("<file:///handbook/leave.md#carry|Leave>")
    (address,) = paragraph.children
    assert (address.kind, plain((address,)), address.attributes) == (
        "address",
        "Leave",
        {"url": "file:///handbook/leave.md#carry"},
    )


@pytest.mark.parametrize("source", ["`<https://evil.example|x>`", "```<https://evil.example|x>```"])
def test_a_token_in_code_is_seen_to_be_alive(source: str) -> None:
    """The playground errs towards showing a link that Slack might make, so that a test can catch it."""
    assert links(MRKDWN.block(source)) == ["https://evil.example"]
    assert links(MARKDOWN.block(source.replace("```", "`"))) == ["https://evil.example"]


@given(st.text(max_size=300))
def test_escaped_text_is_inert(words: str) -> None:
    """Text escaped the way Slack asks yields no mention, and no link but to an address in plain sight."""
    nodes = MRKDWN.block(encode(words))
    assert not any(node.kind in ("mention", "date", "address") for node in walk(nodes))
    assert all(url in words for url in links(nodes))


@given(st.text(alphabet="*_~`<>|@#![]()\\-:. \nahttps/1", max_size=300))
def test_no_text_breaks_the_reading(source: str) -> None:
    """Any text is drawn, every link leads to the web, and nothing is nested without end."""
    for nodes in (MRKDWN.block(source), MARKDOWN.block(source)):
        assert all(
            str(node.attributes["url"]).lower().startswith("http") for node in walk(nodes) if node.kind == "link"
        )
        plain(nodes)


@pytest.mark.parametrize("unit", ["*", "_", "`", "[", "![", "<", "> ", "- ", "**a", "[a](b", "|", "\\", "__ a", ":a"])
def test_long_nonsense_is_read(unit: str) -> None:
    """A message full of half-open markup is read in one go, however long."""
    source = unit * (12_000 // len(unit))
    assert plain(MRKDWN.block(source)) is not None
    assert plain(MARKDOWN.block(source)) is not None


TEXT: dict[str, Any] = {"type": "mrkdwn", "text": "*Sources*\n1  <https://example.com/a|Leave>"}
GO: dict[str, Any] = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "v"}


def test_blocks_are_seen_in_order() -> None:
    """A section, small print, buttons and a divider, each as a node of its own kind."""
    nodes = RENDERING.blocks(
        [
            {"type": "section", "block_id": "a", "text": {"type": "plain_text", "text": "One *line*"}},
            {"type": "divider", "block_id": "b"},
            {"type": "context", "block_id": "c", "elements": [TEXT]},
            {"type": "actions", "block_id": "d", "elements": [GO]},
        ]
    )
    assert [node.kind for node in nodes] == ["section", "divider", "context", "actions"]
    assert plain(nodes) == "One *line*\n\nSources\n1  Leave\nGo"
    (pressed,) = nodes[3].children
    assert pressed.attributes == {"block_id": "d", "action_id": "go", "value": "v"}


def test_rich_text_keeps_its_styles() -> None:
    """Styled leaves, lists, code and mentions of a rich text block."""
    section = {
        "type": "rich_text_section",
        "elements": [
            {"type": "text", "text": "see ", "style": {"bold": True, "code": True}},
            {"type": "link", "url": "javascript:alert(1)", "text": "this"},
            {"type": "user", "user_id": "U07ANARBRO1"},
        ],
    }
    listed = {"type": "rich_text_list", "style": "ordered", "elements": [section]}
    nodes = RENDERING.blocks([{"type": "rich_text", "block_id": "a", "elements": [section, listed]}])
    assert plain(nodes) == "see this@Ana Ribeiro\nsee this@Ana Ribeiro"
    assert kinds(nodes) == ["code", "bold", "mention", "list", "item", "code", "bold", "mention"]


def test_an_image_counts_as_an_address() -> None:
    """Slack would fetch it, so it is among the links; the playground shows its words alone."""
    nodes = RENDERING.blocks(
        [{"type": "image", "block_id": "a", "image_url": "https://evil.example/x", "alt_text": "a"}]
    )
    assert (links(nodes), plain(nodes)) == (["https://evil.example/x"], "a")


OPTIONS: list[dict[str, Any]] = [
    {"text": {"type": "plain_text", "text": "People Ops"}, "value": "people"},
    {
        "text": {"type": "mrkdwn", "text": "*IT*"},
        "value": "it",
        "description": {"type": "plain_text", "text": "Laptops"},
    },
]
CHOICES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"type": "static_select", "options": OPTIONS}, {"look": "menu", "multiple": False}, []),
    ({"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[1]}, {"look": "menu"}, ["it"]),
    ({"type": "radio_buttons", "options": OPTIONS}, {"look": "radio", "multiple": False}, []),
    ({"type": "checkboxes", "options": OPTIONS, "initial_options": OPTIONS}, {"look": "checks"}, ["people", "it"]),
    (
        {"type": "multi_static_select", "options": OPTIONS, "max_selected_items": 1},
        {"look": "menu", "multiple": True, "most": 1},
        [],
    ),
    ({"type": "users_select", "initial_user": "U07ANARBRO1"}, {"source": "users"}, ["U07ANARBRO1"]),
    (
        {"type": "conversations_select", "filter": {"include": ["public", "im"]}},
        {"source": "conversations", "filter": "public im"},
        [],
    ),
]


@pytest.mark.parametrize(("element", "expected", "chosen"), CHOICES)
def test_a_choice_says_how_it_looks_and_what_is_chosen(
    element: dict[str, Any], expected: dict[str, Any], chosen: list[str]
) -> None:
    """Menus, radio buttons, check boxes, and the pickers whose options the page knows."""
    block = {"type": "actions", "block_id": "a", "elements": [{**element, "action_id": "go"}]}
    (actions,) = RENDERING.blocks([block])
    (node,) = actions.children
    assert node.kind == "select"
    assert {**node.attributes, **expected, "action_id": "go", "block_id": "a"} == node.attributes
    assert [option.attributes["value"] for option in node.children if option.attributes.get("chosen")] == chosen


def test_an_option_is_told_in_words() -> None:
    """Its markup read, its description beside it."""
    element = {"type": "checkboxes", "action_id": "go", "options": OPTIONS}
    (actions,) = RENDERING.blocks([{"type": "actions", "block_id": "a", "elements": [element]}])
    people, it = actions.children[0].children
    assert (people.text, it.text, it.attributes["description"]) == ("People Ops", "IT", "Laptops")


def test_a_field_is_an_element_under_a_label() -> None:
    """With its hint, and whether it may be left empty."""
    element = {"type": "number_input", "action_id": "n", "is_decimal_allowed": False, "min_value": "1"}
    label = {"type": "plain_text", "text": "How many?"}
    hint = {"type": "plain_text", "text": "A day"}
    block = {"type": "input", "block_id": "b", "label": label, "hint": hint, "element": element, "optional": True}
    (node,) = RENDERING.blocks([block])
    assert (node.attributes["field_label"], node.attributes["hint"], node.attributes["optional"]) == (
        "How many?",
        "A day",
        True,
    )
    (entry,) = node.children
    assert [entry.attributes[name] for name in ("entry", "step", "least")] == ["number", "1", "1"]


def test_a_question_before_a_deed_is_told_in_words() -> None:
    """Its text may hold markup."""
    words = {name: {"type": "plain_text", "text": name} for name in ("title", "confirm", "deny")}
    confirm = {**words, "text": {"type": "mrkdwn", "text": "*Sure*, <@U07ANARBRO1>?"}, "style": "danger"}
    (actions,) = RENDERING.blocks([{"type": "actions", "block_id": "a", "elements": [{**GO, "confirm": confirm}]}])
    asked = {key: value for key, value in actions.children[0].attributes.items() if key.startswith("confirm")}
    assert asked == {
        "confirm_title": "title",
        "confirm_text": "Sure, @Ana Ribeiro?",
        "confirm_yes": "confirm",
        "confirm_no": "deny",
        "confirm_style": "danger",
    }


def test_columns_stand_where_they_are_told_to() -> None:
    """By the settings of a table block, numbers at the right by themselves, and by the colons of Markdown."""
    cells = [{"type": "raw_text", "text": "a"}, {"type": "raw_number", "text": "1"}, {"type": "raw_text", "text": "b"}]
    block = {"type": "table", "block_id": "a", "rows": [cells], "column_settings": [None, None, {"align": "center"}]}
    (table,) = RENDERING.blocks([block])
    (markdown,) = MARKDOWN.block("| a | b | c |\n|:--|--:|:-:|\n| 1 | 2 | 3 | 4 |")
    assert [cell.attributes.get("align", "left") for cell in table.children[0].children] == ["left", "right", "center"]
    assert [cell.attributes.get("align", "left") for cell in markdown.children[1].children] == [
        "left",
        "right",
        "center",
        "left",
    ]
