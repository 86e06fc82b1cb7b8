"""An answer's text as Block Kit: Markdown as a model writes it becomes rich text, which Slack does not parse.

Links, images and HTML are not read: what stands in their syntax is shown as it is. A text that nests deeper than
anybody reads, or that would outgrow a message, is shown character for character.
"""

import html
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from handlers.views.blocks import LONGEST_BODY, LONGEST_PART, Block, body, pieces, shortened
from handlers.views.grid import drawn, native

PER_LEAF = 10
"""Characters that a change of style, or an item of a list, counts for: Slack counts those too."""
MOST_BLOCKS = 16
"""Blocks of a body, so that sources and buttons have room below it."""
DEEPEST = 20
"""Levels of lists and quotes within each other that are read."""
DEEPEST_INDENT = 5
"""Steps by which Slack indents a list."""

Leaf = Block
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}


def markdown_blocks(text: str) -> tuple[Block, ...]:
    """The blocks that show a gated text; never empty, at most `MOST_BLOCKS`."""
    said = shortened(text, limit=LONGEST_BODY)
    tokens = _reader().parse(said)
    if not said.strip() or any(token.level >= DEEPEST - 1 for token in tokens):
        return (body(said or " "),)
    blocks = _packed(_parts(SyntaxTreeNode(tokens).children))
    return blocks if 0 < len(blocks) <= MOST_BLOCKS else (body(said),)


def streamed(text: str) -> str:
    """A gated text, or the next piece of one, as `markdown_text`: Slack's own tokens find nothing to do in it."""
    return html.escape(text, quote=False)


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": DEEPEST})
    reader.enable(["table", "strikethrough"])
    return reader.disable(
        ["link", "image", "autolink", "html_inline", "html_block", "reference", "entity", "code", "lheading"]
    )


# --- parts of a message ---------------------------------------------------------------------------------------------


def _parts(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
    """Elements of rich text, and at most one table block among them."""
    table_shown = False
    for node in nodes:
        if node.type == "table" and not table_shown and (table := native(_rows(node), sides=_sides(node))):
            table_shown = True
            yield table
        else:
            yield from _part(node)


def _part(node: SyntaxTreeNode, *, indent: int = 0) -> Iterator[Block]:
    if node.type in ("bullet_list", "ordered_list"):
        yield from _list(node, indent)
    elif node.type == "fence":
        yield from _preformatted(node.content)
    elif node.type == "table":
        yield from _preformatted(drawn([[_plain(cell) for cell in row] for row in _rows(node)]))
    elif node.type == "blockquote":
        yield from _lines("rich_text_quote", _flat(node.children))
    elif node.type != "hr":
        style = {"bold": True} if node.type == "heading" else {}
        yield from _lines("rich_text_section", _inline(node, **style))


def _list(node: SyntaxTreeNode, indent: int) -> Iterator[Block]:
    """A list, cut where another stands in it: Slack knows a list in a list by its indent alone."""
    ordered = node.type == "ordered_list"
    first = int(node.attrs.get("start", 1)) if ordered else 1
    for position, item in enumerate(node.children):
        inner = [child for child in item.children if child.type.endswith("_list")]
        own = [child for child in item.children if not child.type.endswith("_list")]
        for row in _lines("rich_text_section", _flat(own) or [_leaf(" ")]):
            yield {
                "type": "rich_text_list",
                "style": "ordered" if ordered else "bullet",
                "indent": min(indent, DEEPEST_INDENT),
                **({"offset": first + position - 1} if ordered and first + position > 1 else {}),
                "elements": [row],
            }
        yield from chain.from_iterable(_list(child, indent + 1) for child in inner)


def _preformatted(code: str) -> Iterator[Block]:
    """Code, cut at the ends of lines where it is too long for one block."""
    part = ""
    for line in code.removesuffix("\n").splitlines(keepends=True):
        for piece in pieces(line):
            if len(part) + len(piece) > LONGEST_PART:
                yield _shown_as("rich_text_preformatted", [_leaf(part)])
                part = ""
            part += piece
    yield _shown_as("rich_text_preformatted", [_leaf(part.removesuffix("\n") or " ")])


def _lines(kind: str, leaves: Iterable[Leaf]) -> Iterator[Block]:
    """Leaves as elements of one kind, each within its limit."""
    held: list[Leaf] = []
    room = LONGEST_PART
    for leaf in leaves:
        for piece in pieces(leaf["text"]):
            if held and len(piece) + PER_LEAF > room:
                yield _shown_as(kind, held)
                held, room = [], LONGEST_PART
            held.append({**leaf, "text": piece})
            room -= len(piece) + PER_LEAF
    if held:
        yield _shown_as(kind, held)


# --- leaves ---------------------------------------------------------------------------------------------------------


def _flat(nodes: Iterable[SyntaxTreeNode], *, before: str = "") -> list[Leaf]:
    """All that stands in some blocks as lines of text, where Slack allows nothing else."""
    leaves: list[Leaf] = []
    for node in nodes:
        if leaves:
            leaves.append(_leaf("\n"))
        if node.type in ("bullet_list", "ordered_list"):
            leaves += _flat(node.children, before=before + "• ")
        elif node.type in ("list_item", "blockquote"):
            leaves += [
                *([_leaf(before)] if before and node.type == "list_item" else []),
                *_flat(node.children, before=before),
            ]
        elif node.type == "fence":
            leaves += [_leaf(node.content.removesuffix("\n") or " ", code=True)]
        elif node.type == "table":
            leaves += [_leaf(drawn([[_plain(cell) for cell in row] for row in _rows(node)]), code=True)]
        else:
            leaves += _inline(node)
    return leaves


def _inline(node: SyntaxTreeNode, **style: bool) -> Iterator[Leaf]:
    """The text of a paragraph, a heading or a cell."""
    if node.type in ("text", "text_special", "code_inline"):
        if node.content:
            yield _leaf(node.content, **style, **({"code": True} if node.type == "code_inline" else {}))
    elif node.type in ("softbreak", "hardbreak"):
        yield _leaf("\n")
    else:
        kind = _STYLES.get(node.type)
        for child in node.children:
            yield from _inline(child, **{**style, **({kind: True} if kind else {})})


def _leaf(text: str, **style: bool) -> Leaf:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def _rows(table: SyntaxTreeNode) -> list[list[list[Leaf]]]:
    """The cells of a table, its head first, in bold."""
    return [
        [list(_inline(cell, **({"bold": True} if cell.type == "th" else {}))) for cell in row.children]
        for part in table.children
        for row in part.children
    ]


def _sides(table: SyntaxTreeNode) -> list[str]:
    """Where each column's words stand."""
    heads = table.children[0].children[0].children
    return [str(head.attrs.get("style", "text-align:left")).removeprefix("text-align:") for head in heads]


def _plain(leaves: Sequence[Leaf]) -> str:
    return "".join(leaf["text"] for leaf in leaves)


# --- packing --------------------------------------------------------------------------------------------------------


def _shown_as(kind: str, leaves: Sequence[Leaf]) -> Block:
    return {"type": kind, "elements": list(leaves)}


def _packed(parts: Iterable[Block]) -> tuple[Block, ...]:
    """Elements gathered into as few blocks of rich text as their limit allows; a table stands by itself."""
    blocks: list[Block] = []
    room = 0
    for part in parts:
        size = _size(part)
        if part["type"] == "table":
            blocks.append(part)
            room = 0
        elif size > room:
            blocks.append({"type": "rich_text", "elements": [part]})
            room = LONGEST_PART - size
        else:
            _join(blocks[-1]["elements"], part)
            room -= size + PER_LEAF
    return tuple(blocks)


def _join(elements: list[Block], part: Block) -> None:
    """Put an element after others: items of one list together, paragraphs with an empty line between them."""
    last = elements[-1]
    if part["type"] == last["type"] == "rich_text_section":
        last["elements"] += [_leaf("\n\n"), *part["elements"]]
    elif part["type"] == last["type"] == "rich_text_list" and _goes_on(last, part):
        last["elements"] += part["elements"]
    else:
        elements.append(part)


def _goes_on(last: Block, part: Block) -> bool:
    alike = (last["style"], last["indent"]) == (part["style"], part["indent"])
    counted = part["style"] == "bullet" or last.get("offset", 0) + len(last["elements"]) == part.get("offset", 0)
    return alike and counted


def _size(element: Block) -> int:
    """What an element counts for: its characters, and its leaves."""
    inner: list[Block] = element.get("elements", [])
    return len(element.get("text", "")) + PER_LEAF * len(inner) + sum(_size(part) for part in inner)
