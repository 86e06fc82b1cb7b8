"""What documents say is shown as it stands there, and rows of cells as a table."""

from hypothesis import given
from hypothesis import strategies as st

from handlers.views.blocks import LONGEST_BODY, Block
from handlers.views.body import MOST_BLOCKS
from handlers.views.quoted import quoted_blocks

RATES = "Country | Full day | Half day\nGermany | 28 € | 14 €\nFrance | 53 € | 35 € [1]"


def cells(table: Block) -> list[list[str]]:
    return [[cell["text"] for cell in row] for row in table["rows"]]


def words(block: Block) -> str:
    """All text of a block, cells with a space between them."""
    if block["type"] == "table":
        return " ".join(cell for row in cells(block) for cell in row)
    return "".join(leaf["text"] for part in block["elements"] for leaf in part.get("elements", [part]))


def kinds(text: str) -> list[str]:
    """What each block is, rich text by the kind of its first element."""
    return [
        block["elements"][0]["type"] if block["type"] == "rich_text" else block["type"] for block in quoted_blocks(text)
    ]


def test_rows_stand_as_a_table_between_their_neighbours() -> None:
    """With all of their words, the mark of the source among them."""
    before, table, after = quoted_blocks(f"It covers meals.\n\n{RATES}\n\nAsk the travel desk. [2]")
    assert words(before) == "It covers meals."
    assert cells(table)[0] == ["Country", "Full day", "Half day"]
    assert cells(table)[-1] == ["France", "53 €", "35 € [1]"]
    assert words(after) == "Ask the travel desk. [2]"


def test_one_row_is_no_table() -> None:
    """Nor is a line in which somebody drew a bar."""
    assert kinds("Germany | 28 € | 14 €") == ["rich_text_section"]
    assert kinds("a | b\nc | d | e") == ["rich_text_section"]


def test_rows_without_their_head_and_a_second_table_are_drawn() -> None:
    """Slack shows the first row as a head, and takes one table in a message."""
    assert kinds("Germany | 28 €\nFrance | 53 €") == ["rich_text_preformatted"]
    assert kinds(f"{RATES}\n\nand\n\n{RATES}") == ["table", "rich_text_section", "rich_text_preformatted"]


@given(st.text(st.sampled_from("ab|\n `1 "), max_size=400) | st.integers(1, 30).map(lambda n: "a | b\nc | d\nx\n" * n))
def test_no_word_is_lost_and_the_message_stays_small(text: str) -> None:
    """Whatever is quoted."""
    blocks = quoted_blocks(text)
    assert 0 < len(blocks) <= MOST_BLOCKS
    shown = "".join(character for block in blocks for character in words(block) if character.isalnum())
    assert shown == "".join(character for character in text if character.isalnum())


def test_a_long_quotation_is_cut() -> None:
    """As any body is."""
    assert sum(len(words(block)) for block in quoted_blocks("word " * LONGEST_BODY)) <= LONGEST_BODY
