"""Markdown as a model writes it, as Slack shows it: nothing lost, nothing alive, nothing too large."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gate import gated
from bot.playground import Playground
from bot.playground import blocks as slack_blocks
from bot.playground.markdown import Markdown
from bot.playground.nodes import Node
from bot.playground.workspace import Directory
from handlers.views.blocks import LONGEST_PART, Block
from handlers.views.body import MOST_BLOCKS, markdown_blocks, streamed
from tests.unit.hostile_outputs import SOURCES, corpus


def texts(element: Block) -> Iterator[str]:
    """Every text in a block, in reading order."""
    if "text" in element:
        yield element["text"]
    for row in element.get("rows", ()):
        for cell in row:
            yield from texts(cell)
    for part in element.get("elements", ()):
        yield from texts(part)


def kinds(text: str) -> list[str]:
    """The elements of all rich text, and the blocks that are none."""
    return [
        element["type"]
        for block in markdown_blocks(text)
        for element in (block["elements"] if block["type"] == "rich_text" else [block])
    ]


def elements(text: str) -> list[Block]:
    """The elements of the one block that a text becomes."""
    (block,) = markdown_blocks(text)
    return block["elements"]


def styled(text: str) -> list[tuple[str, str]]:
    """Each leaf of the one element that a text becomes, with its styles."""
    (element,) = elements(text)
    return [(leaf["text"], " ".join(leaf.get("style", {}))) for leaf in element["elements"]]


# --- what becomes of what -------------------------------------------------------------------------------------------


def test_words_are_styled_as_they_are_meant() -> None:
    """Strong, stressed, struck and code; a marker is text."""
    assert styled("So **it** _is_ ~~not~~ `x` [1].") == [
        ("So ", ""), ("it", "bold"), (" ", ""), ("is", "italic"), (" ", ""), ("not", "strike"), (" ", ""),
        ("x", "code"), (" [1].", ""),
    ]  # fmt: skip


def test_a_heading_is_a_bold_line() -> None:
    """With an empty line after it, as between paragraphs."""
    assert styled("## Leave\nAt most\n240.\n\nMore.") == [
        ("Leave", "bold"), ("\n\n", ""), ("At most", ""), ("\n", ""), ("240.", ""), ("\n\n", ""), ("More.", ""),
    ]  # fmt: skip


def test_lists_keep_their_depth_and_their_numbers() -> None:
    """Also where one list interrupts another."""
    shown = elements("3. three\n4. four\n   - a\n     - b\n5. five")
    described = [(part["style"], part["indent"], part.get("offset", 0), "".join(texts(part))) for part in shown]
    assert described == [
        ("ordered", 0, 2, "threefour"),
        ("bullet", 1, 0, "a"),
        ("bullet", 2, 0, "b"),
        ("ordered", 0, 4, "five"),
    ]


def test_quotes_and_code_stand_apart() -> None:
    """Code as it is written, its language left out."""
    shown = elements("> so *it* is\n> here\n\n```python\nx = [1]\n  y\n```\n")
    assert [part["type"] for part in shown] == ["rich_text_quote", "rich_text_preformatted"]
    assert "".join(texts(shown[0])) == "so it is\nhere"
    assert list(texts(shown[1])) == ["x = [1]\n  y"]


def test_code_that_is_never_closed_is_code() -> None:
    """To the end of the text."""
    assert kinds("Run:\n\n```\nrm -r x") == ["rich_text_section", "rich_text_preformatted"]


TABLE = "| Who | Hours |\n|---|--:|\n| part-time | `120` |\n| | 8 |\n"


def test_a_table_is_slacks_own() -> None:
    """Its head in bold, its columns where the writer put them; Slack takes no empty cell."""
    (table,) = markdown_blocks(TABLE)
    assert table["type"] == "table"
    assert [["".join(texts(cell)) for cell in row] for row in table["rows"]] == [
        ["Who", "Hours"], ["part-time", "120"], [" ", "8"],
    ]  # fmt: skip
    assert table["column_settings"] == [{"align": "left"}, {"align": "right"}]
    (bold,) = table["rows"][0][0]["elements"][0]["elements"]
    assert bold["style"] == {"bold": True}


def test_a_second_table_is_drawn() -> None:
    """Slack takes one in a message."""
    assert kinds(f"{TABLE}\nand\n\n{TABLE}") == ["table", "rich_text_section", "rich_text_preformatted"]
    drawn = next(text for text in texts(markdown_blocks(f"{TABLE}\n\n{TABLE}")[1]))
    assert drawn == "Who       | Hours\npart-time | 120\n          | 8"


@pytest.mark.parametrize("rows", [101, 1_000])
def test_a_table_that_slack_would_not_take_is_drawn(rows: int) -> None:
    """Every line of it."""
    blocks = markdown_blocks("| a | b |\n|---|---|\n" + "| x | y |\n" * rows)
    assert {block["type"] for block in blocks} == {"rich_text"}
    assert sum(text.count("x | y") for block in blocks for text in texts(block)) == rows


@pytest.mark.parametrize(
    "text", ["[a](http://b)", "![a](http://b)", "<http://b>", "<b>a</b>", "[1]: http://b", "http://b", "&lt;b&gt;"]
)
def test_what_could_be_a_link_or_a_tag_is_shown_as_it_is(text: str) -> None:
    """Character for character."""
    assert styled(text) == [(text, "")]


def test_a_line_of_dashes_ends_a_paragraph_and_makes_no_heading() -> None:
    """What models write between parts."""
    assert styled("One\n---\nTwo") == [("One", ""), ("\n\n", ""), ("Two", "")]


def test_a_long_text_is_cut_between_its_parts() -> None:
    """No list, no code and no paragraph that fits into a block is torn apart."""
    part = "- " + "word " * 100 + "\n\n```\n" + "code\n" * 100 + "```\n\n"
    blocks = markdown_blocks(part * 10)
    assert len(blocks) > 1
    for block in blocks:
        for element in block["elements"]:
            assert len("".join(texts(element)).split()) == 100


def test_code_too_long_for_a_block_is_cut_at_the_ends_of_lines() -> None:
    """Each part of it is code."""
    lines = [f"line {n} of many" for n in range(400)]
    blocks = markdown_blocks("```\n" + "\n".join(lines) + "\n```")
    parts = [element for block in blocks for element in block["elements"]]
    assert {part["type"] for part in parts} == {"rich_text_preformatted"}
    assert [line for part in parts for text in texts(part) for line in text.splitlines()] == lines


@pytest.mark.parametrize("text", ["", " ", "\n\n", "---", "```\n```", "> ", "- ", "|a|\n|-|"])
def test_a_text_without_words_is_still_a_message(text: str) -> None:
    """Slack takes no empty one."""
    assert slack_blocks.check(list(markdown_blocks(text))) == []


# --- whatever is written --------------------------------------------------------------------------------------------

PIECES = (
    " ", "word", "alpha", "x", "\n", "\n\n", "# ", "- ", "* ", "1. ", "7) ", "> ", "  ", "    ", "\t", "```", "~~~",
    "`", "``", "**", "_", "~~", "|", "|---|", "|a|b|\n|-|-|\n", "[1]", "](", "![", "<", ">", "&amp;", "\\", "---",
    "===", "http://a.example/", "<!here>", "&", "🙂",
)  # fmt: skip
markdown = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=200).map("".join)
extremes = st.sampled_from(PIECES).flatmap(lambda piece: st.integers(1, 3_000).map(lambda times: piece * times))


def words(text: str) -> list[str]:
    return sorted(re.findall(r"(?:word|alpha|🙂)", text))


def assert_sound(text: str) -> None:
    blocks = list(markdown_blocks(text))
    assert slack_blocks.check(blocks) == []
    assert len(blocks) <= MOST_BLOCKS
    assert all(0 < len(shown) <= LONGEST_PART for block in blocks for shown in texts(block))
    shown = "".join(shown for block in blocks for shown in texts(block))
    kept = re.sub(r"(?:`{3,}|~{3,}).*", "", text)  # the language of a fence is left out
    assert set(words(kept)) <= set(words(shown))


@given(markdown)
def test_no_text_is_lost_or_refused(text: str) -> None:
    """Whatever Markdown it is: within every limit, never an exception."""
    assert_sound(text)


@given(extremes)
def test_no_text_is_too_much(text: str) -> None:
    """The same again and again, up to as much as is shown."""
    assert_sound(text[:12_000])


plain_words = st.lists(st.from_regex(r"[a-z]{3,12}", fullmatch=True), min_size=1, max_size=1_500)


@given(plain_words, st.sampled_from(["\n\n", "\n- ", "\n> ", " | ", "\n1. ", " **", "\n## ", "\n  - "]))
def test_every_word_is_there_in_its_order(said: list[str], between: str) -> None:
    """However they are set."""
    text = between.join(said)
    if len(text) <= 12_000:
        shown = "\n".join(shown for block in markdown_blocks(text) for shown in texts(block))
        assert re.findall(r"[a-z]{3,}", shown) == said


def test_what_nests_too_deep_is_shown_as_it_is() -> None:
    """Rather than not at all."""
    assert words("".join(texts(markdown_blocks("> " * 500 + "word")[0]))) == ["word"]
    nested = "".join(f"{'  ' * depth}- word\n" for depth in range(60))
    assert len(words("".join(shown for block in markdown_blocks(nested) for shown in texts(block)))) == 60


# --- streamed -------------------------------------------------------------------------------------------------------


@given(st.text(), st.text())
def test_pieces_add_up(first: str, second: str) -> None:
    """What was sent stays the beginning of what is sent."""
    assert streamed(first) + streamed(second) == streamed(first + second)


def test_markers_stay_and_slacks_own_signs_do_not() -> None:
    """In text and in code alike."""
    assert streamed("a < b & `c > d` [1]") == "a &lt; b &amp; `c &gt; d` [1]"


def alive(nodes: tuple[Node, ...]) -> list[Node]:
    """Links, mentions and images among what Slack shows."""
    found = [node for node in nodes if node.kind in ("link", "mention", "image")]
    return found + [deeper for node in nodes for deeper in alive(node.children)]


def test_no_hostile_text_comes_alive_in_a_stream() -> None:
    """Gated, and then read as Slack reads `markdown_text`; and so after a cut anywhere."""
    reader = Markdown(Directory(Playground().workspace))
    for hostile in corpus():
        said = gated(hostile.text, sources=SOURCES)
        for text in (said, said[: len(said) // 2], said[len(said) // 2 :]):
            assert alive(reader.block(streamed(text))) == [], hostile


def test_no_hostile_text_comes_alive_in_a_message() -> None:
    """Rich text is not parsed: every leaf of it is text, and the words are there."""
    for hostile in corpus():
        said = gated(hostile.text, sources=SOURCES)
        for block in markdown_blocks(said):
            assert {leaf["type"] for leaf in _leaves(block)} <= {"text", "raw_text"}, hostile


def _leaves(element: Block) -> Iterator[Block]:
    if "text" in element:
        yield element
    for part in (*element.get("elements", ()), *(cell for row in element.get("rows", ()) for cell in row)):
        yield from _leaves(part)
