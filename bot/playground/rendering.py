"""Block Kit as a person sees it: blocks to nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.playground.controls import control, image
from bot.playground.controls import field as field_of
from bot.playground.markdown import Markdown
from bot.playground.mrkdwn import EMOJI, Mrkdwn, Names, date, mention
from bot.playground.nodes import Attribute, Node, link, text
from bot.playground.wire import Json

STYLES: Mapping[str, Callable[[tuple[Node, ...]], Node]] = {
    "bold": lambda children: Node("bold", children=children),
    "italic": lambda children: Node("italic", children=children),
    "strike": lambda children: Node("strike", children=children),
    "code": lambda children: Node("code", children=children),
}
TASK_MARKS = {"pending": "○", "in_progress": "◐", "complete": "●", "error": "⚠"}


@dataclass(frozen=True, slots=True)
class Rendering:
    """Shows messages. Blocks must have passed `blocks.check` before: shapes are not checked again here."""

    names: Names
    mrkdwn: Mrkdwn = field(init=False)
    markdown: Markdown = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mrkdwn", Mrkdwn(self.names))
        object.__setattr__(self, "markdown", Markdown(self.names))

    def message(self, source: str, blocks: Sequence[Json]) -> tuple[Node, ...]:
        """A message's body: its blocks where it has any, else its text."""
        return self.blocks(blocks) if blocks else self.mrkdwn.block(source)

    def blocks(self, blocks: Sequence[Json]) -> tuple[Node, ...]:
        """All blocks in order."""
        return tuple(node for block in blocks for node in self._block(block))

    def _block(self, block: Json) -> Iterable[Node]:
        draw = BLOCKS.get(block["type"])
        return draw(self, block) if draw else ()

    # --- text -------------------------------------------------------------------------------------------------------

    def text_object(self, value: Json) -> tuple[Node, ...]:
        """A `plain_text` or `mrkdwn` object as blocks of text."""
        if value["type"] == "mrkdwn":
            return self.mrkdwn.block(value["text"])
        return (Node("paragraph", children=tuple(_plain_lines(value["text"]))),)

    def inline_text(self, value: Json) -> tuple[Node, ...]:
        """A text object within a line."""
        if value["type"] == "mrkdwn":
            return tuple(self.mrkdwn.inline(value["text"]))
        return tuple(_plain_lines(value["text"]))

    # --- blocks -----------------------------------------------------------------------------------------------------

    def section(self, block: Json) -> Iterator[Node]:
        """A section: text, two columns of fields, and something at the right."""
        children = list(self.text_object(block["text"])) if block.get("text") else []
        if block.get("fields"):
            cells = tuple(Node("cell", children=self.text_object(item)) for item in block["fields"])
            children.append(Node("fields", children=cells))
        if block.get("accessory"):
            children.extend(self._elements((block["accessory"],), block))
        yield Node("section", children=tuple(children))

    def header(self, block: Json) -> Iterator[Node]:
        """A header."""
        yield Node("heading", children=self.inline_text(block["text"]), attributes={"level": 2})

    def divider(self, block: Json) -> Iterator[Node]:
        """A rule across the message."""
        del block
        yield Node("divider")

    def context(self, block: Json) -> Iterator[Node]:
        """Small print."""
        shown: list[Node] = []
        for element in block["elements"]:
            if element["type"] == "image":
                shown.append(image(element))
            else:
                shown.append(Node("cell", children=self.text_object(element)))
        yield Node("context", children=tuple(shown))

    def actions(self, block: Json) -> Iterator[Node]:
        """A row of buttons and menus."""
        yield Node("actions", children=tuple(self._elements(block["elements"], block)))

    def markdown_block(self, block: Json) -> Iterator[Node]:
        """Standard Markdown."""
        yield from self.markdown.block(block["text"])

    def picture(self, block: Json) -> Iterator[Node]:
        """An image block."""
        yield image(block)

    def table(self, block: Json) -> Iterator[Node]:
        """A table whose first row is its head."""
        rows: list[Node] = []
        columns: Sequence[Json | None] = block.get("column_settings", ())
        for position, row in enumerate(block["rows"]):
            cells = tuple(self._cell(cell, _at(columns, place)) for place, cell in enumerate(row))
            rows.append(Node("row", children=cells, attributes={"header": position == 0}))
        yield Node("table", children=tuple(rows))

    def _cell(self, cell: Json, column: Json) -> Node:
        """A cell, aligned as its column is; numbers stand at the right unless told otherwise."""
        number = cell["type"] == "raw_number"
        inner = self.rich_text(cell) if cell["type"] == "rich_text" else _plain_lines(str(cell["text"]))
        align = column.get("align") or ("right" if number else "left")
        attributes: dict[str, Attribute] = {} if align == "left" else {"align": align}
        return Node("cell", children=tuple(inner), attributes=attributes)

    def task(self, block: Json) -> Iterator[Node]:
        """A step of a streamed answer."""
        mark = TASK_MARKS.get(block["status"], "○")
        yield Node("task", f"{mark} {block['title']}", attributes={"status": block["status"]})

    def input(self, block: Json) -> Iterator[Node]:
        """A field of a form."""
        yield field_of(block, self.mrkdwn)

    # --- elements ---------------------------------------------------------------------------------------------------

    def _elements(self, elements: Iterable[Json], block: Json) -> Iterator[Node]:
        for element in elements:
            if element["type"] == "image":
                yield image(element)
            else:
                yield control(element, str(block["block_id"]), self.mrkdwn)

    # --- rich text --------------------------------------------------------------------------------------------------

    def rich_text(self, block: Json) -> Iterator[Node]:
        """Text as Slack's own message box makes it."""
        for element in block["elements"]:
            yield self._rich_element(element)

    def _rich_element(self, element: Json) -> Node:
        if element["type"] == "rich_text_list":
            items = tuple(Node("item", children=(self._rich_element(item),)) for item in element["elements"])
            attributes: dict[str, Attribute] = {
                "ordered": element["style"] == "ordered",
                "start": element.get("offset", 0) + 1,
            }
            return Node("list", children=items, attributes=attributes)
        inner = tuple(node for leaf in element["elements"] for node in self._leaf(leaf))
        if element["type"] == "rich_text_preformatted":
            return Node("pre", children=inner)
        return Node("quote" if element["type"] == "rich_text_quote" else "paragraph", children=inner)

    def _leaf(self, leaf: Json) -> tuple[Node, ...]:
        shown = tuple(self._bare_leaf(leaf))
        for style, wrap in STYLES.items():
            if leaf.get("style", {}).get(style):
                shown = (wrap(shown),)
        return shown

    def _bare_leaf(self, leaf: Json) -> Iterable[Node]:
        kind = leaf["type"]
        if kind == "text":
            return _plain_lines(leaf["text"])
        if kind == "link":
            return (link(leaf["url"], (text(leaf.get("text") or leaf["url"]),)),)
        if kind == "emoji":
            return (text(EMOJI.get(leaf["name"], f":{leaf['name']}:")),)
        if kind == "date":
            return (date(leaf["timestamp"], leaf["format"], leaf.get("url", ""), leaf.get("fallback", "")),)
        return (self._named(leaf),)

    def _named(self, leaf: Json) -> Node:
        if leaf["type"] == "user":
            return mention("@" + (self.names.person(leaf["user_id"]) or leaf["user_id"]), leaf["user_id"])
        if leaf["type"] == "channel":
            return mention("#" + (self.names.room(leaf["channel_id"]) or leaf["channel_id"]), leaf["channel_id"])
        if leaf["type"] == "usergroup":
            group = leaf["usergroup_id"]
            return mention("@" + (self.names.usergroup(group) or group), group)
        return mention("@" + leaf["range"], "!" + leaf["range"])


BLOCKS: Mapping[str, Callable[[Rendering, Json], Iterable[Node]]] = {
    "section": Rendering.section,
    "header": Rendering.header,
    "divider": Rendering.divider,
    "context": Rendering.context,
    "actions": Rendering.actions,
    "context_actions": Rendering.actions,
    "markdown": Rendering.markdown_block,
    "image": Rendering.picture,
    "table": Rendering.table,
    "rich_text": Rendering.rich_text,
    "task_card": Rendering.task,
    "input": Rendering.input,
}


def _at(columns: Sequence[Json | None], place: int) -> Json:
    """The settings of one column, empty where it has none."""
    return (columns[place] if place < len(columns) else None) or {}


def _plain_lines(value: str) -> Iterator[Node]:
    for position, line in enumerate(value.split("\n")):
        if position:
            yield Node("break")
        if line:
            yield text(line)
