"""What documents say, as Block Kit: character for character, but rows of cells stand as a table."""

from collections.abc import Iterator
from itertools import groupby

from handlers.views.blocks import LONGEST_BODY, LONGEST_PART, Block, body, shortened
from handlers.views.body import MOST_BLOCKS
from handlers.views.grid import drawn, native

BETWEEN = " | "
"""What stands between two cells of a row, in the plain text of a passage."""
FEWEST_ROWS = 2

Row = list[str]


def quoted_blocks(text: str) -> tuple[Block, ...]:
    """The blocks that show a gated quotation; never empty."""
    said = shortened(text, limit=LONGEST_BODY)
    blocks = tuple(_parts(said))
    return blocks if 0 < len(blocks) <= MOST_BLOCKS else (body(said or " "),)


def _parts(text: str) -> Iterator[Block]:
    """Text and tables in their order; Slack takes one table block in a message, others are drawn in characters."""
    table_shown = False
    for is_table, lines in _runs(text):
        rows = [line.split(BETWEEN) for line in lines]
        if not is_table:
            if said := "\n".join(lines).strip("\n"):
                yield body(said)
        elif not table_shown and _has_head(rows) and (table := native(_cells(rows), sides=["left"] * len(rows[0]))):
            table_shown = True
            yield table
        else:
            yield _drawing(rows, lines)


def _runs(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Neighbouring lines that make a table together, and all between them."""
    waiting: list[str] = []
    for cells, run in groupby(text.split("\n"), key=lambda line: line.count(BETWEEN)):
        lines = list(run)
        if cells and len(lines) >= FEWEST_ROWS:
            yield False, waiting
            yield True, lines
            waiting = []
        else:
            waiting += lines
    yield False, waiting


def _has_head(rows: list[Row]) -> bool:
    """Whether the first row seems to name the columns: Slack shows it as such, and a quote may begin below it."""
    return not any(character.isdigit() for cell in rows[0] for character in cell)


def _cells(rows: list[Row]) -> list[list[list[Block]]]:
    return [[[{"type": "text", "text": cell}] for cell in row] for row in rows]


def _drawing(rows: list[Row], lines: list[str]) -> Block:
    drawing = drawn(rows)
    if len(drawing) > LONGEST_PART:
        return body("\n".join(lines))
    leaf = {"type": "text", "text": drawing or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [leaf]}]}
