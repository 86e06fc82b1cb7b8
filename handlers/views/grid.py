"""Tables: as Slack's own block where it takes one, else drawn in characters."""

from collections.abc import Sequence
from itertools import zip_longest

from handlers.views.blocks import Block

MOST_ROWS, MOST_COLUMNS = 100, 20
LONGEST_TABLE = 10_000
"""Characters in all cells together."""
WIDEST = 40
"""Characters that a column is filled up to."""
LONGEST_DRAWING = 3_000
"""Characters of a drawing whose columns are filled up; a longer one is not."""


def native(rows: Sequence[Sequence[Sequence[Block]]], *, sides: Sequence[str]) -> Block | None:
    """A table block of cells, each of leaves of rich text; None where Slack would refuse it.

    `sides` says of each column whether its words stand left, center or right.
    """
    width = max((len(row) for row in rows), default=0)
    size = sum(len(leaf["text"]) for row in rows for cell in row for leaf in cell)
    if not 0 < len(rows) <= MOST_ROWS or not 0 < width <= MOST_COLUMNS or size > LONGEST_TABLE:
        return None
    settings = {"column_settings": [{"align": side} for side in sides]} if set(sides) - {"left"} else {}
    return {"type": "table", "rows": [[_cell(cell) for cell in row] for row in rows], **settings}


def drawn(rows: Sequence[Sequence[str]]) -> str:
    """A table in characters of one width, without a line break in any cell."""
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [min(WIDEST, max(map(len, column))) for column in zip_longest(*cells, fillvalue="")]
    if (sum(widths) + 3 * len(widths)) * len(cells) > LONGEST_DRAWING:
        widths = [0] * len(widths)
    return "\n".join(_line(row, widths) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip(" |")


def _cell(leaves: Sequence[Block]) -> Block:
    """A cell; one without words holds a space, for Slack takes no empty text."""
    if not any("style" in leaf for leaf in leaves):
        return {"type": "raw_text", "text": "".join(leaf["text"] for leaf in leaves) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}
