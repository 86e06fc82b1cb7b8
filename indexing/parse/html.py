"""HTML to sections of plain text: what a reader of the page sees, and nothing that is hidden from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.errors import Unreadable
from indexing.parse.cleaning import folded, one_line, owner_line, visible, word_set
from indexing.parse.decoding import declared_in, decoded
from indexing.parse.structure import Outline
from indexing.ports import Block, Kind, Parsed

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

UNSEEN = word_set(
    "script style template noscript svg math head iframe object embed canvas audio video map datalist select textarea "
    "del s strike dialog"
)
"""Elements whose content a reader does not see as text, or sees struck out."""
_FRAME = word_set("nav")
VOID = word_set("area base br col embed hr img input link meta param source track wbr")
_BREAKS = word_set(
    "address article aside blockquote body button caption center dd details div dl dt fieldset figcaption figure "
    "footer form header hr legend li main menu ol p section summary table tbody tfoot thead tr ul"
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_FORMATTING = word_set("a abbr b bdi bdo big cite code em font i kbd mark nobr q small span strong sub sup tt u var")
_END_OPTIONAL = word_set("p li td th tr dt dd tbody thead tfoot option optgroup colgroup rt rp html head body")
_DEEPEST = 5_000
_MOST_ELEMENTS = 300_000
_MOST_REPEATED = 2_000_000
_HEADING = re.compile(r"h([1-6])")
_START_TAG = re.compile(r"<([A-Za-z][^\s/>\"'=<]*)")
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>\"'=<]*)")
_LINE = "data-source-line"
_MARK = re.compile(rf' {_LINE}="\d+"')


class HtmlParser:
    """Reads HTML pages: the main part where a page marks one, without navigation, scripts and hidden text."""

    def parse(self, data: bytes) -> Parsed:
        """The page's sections. Its title is that of its head, else the first `h1`."""
        tree = _tree(decoded(data, declared=declared_in(data)), first_line=1)
        outline = Outline()
        walker = _Walker(outline, headings=True)
        for root in _main_parts(tree):
            walker.walk(root)
        title = tree.css_first("head > title")
        return Parsed(
            title=(one_line(_unmarked(title.text())) if title else "") or outline.title,
            sections=outline.sections(),
            owner=_owner(tree),
        )


def _owner(tree: LexborHTMLParser) -> str:
    """Who answers for the page, as its head says."""
    said = [node.attributes for node in tree.css("head > meta")]
    named = (meta.get("content") or "" for meta in said if (meta.get("name") or "").lower() == "owner")
    return next(filter(None, (owner_line(_unmarked(content)) for content in named)), "")


def blocks_of(fragment: str, *, first_line: int) -> tuple[list[Block], str]:
    """Blocks of an HTML fragment inside another document, and its first `h1`; its headings are blocks like others."""
    outline = _Fragment()
    if body := _tree(fragment, first_line=first_line).body:
        _Walker(outline, headings=False).walk(body)
    return outline.blocks, outline.title


def hides(tag: str, attributes: str) -> bool:
    """Whether a start tag hides what it encloses; `attributes` is the rest of the tag as written."""
    if tag.lower() in UNSEEN:
        return True
    named = {name.lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(attributes)}
    return _hidden(named)


_ATTRIBUTE = re.compile(r"([^\s=\"'>/]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")


def _hidden(attributes: dict[str, str | None] | dict[str, str]) -> bool:
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    return (attributes.get("aria-hidden") or "").lower() == "true" or bool(
        _HIDING.search(attributes.get("style") or "")
    )


def _tree(html: str, *, first_line: int) -> LexborHTMLParser:
    """The document's tree, in which every element knows its line: the parser itself does not count lines."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - loaded when the first page is read

    _refuse_bombs(html)
    return LexborHTMLParser("".join(_marked(html, first_line)))


def _refuse_bombs(html: str) -> None:
    """Refuse what would take the parser quadratic time: extreme depth, or unclosed formatting over many blocks.

    (A parser repeats every open formatting element in each following block, as the HTML standard asks.)
    """
    depth = deepest = formatting = blocks = 0
    for slash, name in _ANY_TAG.findall(html):
        tag = name.lower()
        step = -1 if slash else 1
        if tag in _FORMATTING:
            formatting = max(0, formatting + step)
        elif not slash:
            blocks += 1
        if tag not in _END_OPTIONAL and tag not in VOID:
            depth = max(0, depth + step)
            deepest = max(deepest, depth)
    if deepest > _DEEPEST or formatting * blocks > _MOST_REPEATED:
        raise Unreadable("its tags are nested too deeply to be read")
    if blocks > _MOST_ELEMENTS:
        raise Unreadable(f"more than {_MOST_ELEMENTS:,} elements")


def _marked(html: str, line: int) -> Iterator[str]:
    at = 0
    for tag in _START_TAG.finditer(html):
        if tag[1].lower() in _FORMATTING:
            continue
        line += html.count("\n", at, tag.end())
        yield html[at : tag.end()]
        yield f' {_LINE}="{line}"'
        at = tag.end()
    yield html[at:]


def _unmarked(text: str) -> str:
    """Text without the line marks, which end up in it where a start tag stands in text (a title, a textarea)."""
    return _MARK.sub("", text) if _LINE in text else text


def _main_parts(tree: LexborHTMLParser) -> list[LexborNode]:
    for selector in ("main", "[role=main]", "article"):
        found = tree.css(selector)
        if len(found) == 1 and one_line(found[0].text()):
            return found
    return [tree.body] if tree.body else []


@dataclass(slots=True)
class _Fragment:
    """Takes the place of an outline where headings do not begin sections."""

    blocks: list[Block] = field(default_factory=list[Block])
    title: str = ""

    def heading(self, level: int, text: str, *, lines: tuple[int, int], anchor: str = "") -> None:
        del anchor
        if level == 1:
            self.title = self.title or one_line(text)
        self.block(Block(Kind.PROSE, one_line(text), lines))

    def block(self, block: Block) -> None:
        if block.text.strip():
            self.blocks.append(block)


@dataclass(slots=True)
class _Table:
    """A table being read: the cells of its open row, how many of them are headers, and its column names if any."""

    cells: list[str] = field(default_factory=list[str])
    headers: int = 0
    line: int = 1


class _Walker:
    """Goes through a tree in reading order without recursion, and hands what it reads to an outline."""

    def __init__(self, outline: Outline | _Fragment, *, headings: bool) -> None:
        self._outline = outline
        self._headings = headings
        self._line = 1
        self._begin = 1
        self._words: list[str] = []
        self._silent = True
        self._lists: list[int | None] = []
        self._marker = ""
        self._anchor = ""
        self._tables: list[_Table] = []

    def walk(self, root: LexborNode) -> None:
        """Read every visible element under `root`."""
        above: list[LexborNode] = []
        node = root
        while True:
            if self._enter(node):
                if (child := node.first_child) is not None:
                    above.append(node)
                    node = child
                    continue
                self._leave(node)
            while above and node.next is None:
                node = above.pop()
                self._leave(node)
            if not above or node.next is None:
                break
            node = node.next
        self._flush()

    def _enter(self, node: LexborNode) -> bool:
        """Take in a start tag or a text; whether to go inside."""
        tag = node.tag or ""
        if node.is_text_node:
            self._say(node.text_content or "")
            return False
        if not node.is_element_node or tag in UNSEEN or tag in _FRAME:
            self._line += (node.comment_content or "").count("\n") if node.is_comment_node else 0
            return False
        attributes = node.attributes
        if _hidden(attributes) or (attributes.get("role") or "") == "navigation":
            return False
        self._line = int(attributes.get(_LINE) or self._line)
        self._anchor = attributes.get("id") or attributes.get("name") or self._anchor
        return self._open(tag, attributes, node)

    def _open(self, tag: str, attributes: dict[str, str | None], node: LexborNode) -> bool:
        if tag == "img":
            self._say(attributes.get("alt") or "")
        elif tag == "br":
            self._words.append("\n")
        elif tag == "pre" and not self._tables:
            self._flush()
            self._code(node)
            return False
        elif tag in ("td", "th", "tr", "table"):
            self._open_table(tag)
        elif tag in _BREAKS or _HEADING.fullmatch(tag):
            self._break(tag)
        return True

    def _open_table(self, tag: str) -> None:
        if tag == "table":
            self._break(tag)
            self._tables.append(_Table(line=self._line))
        elif self._tables and tag == "tr":
            self._tables[-1].line = self._line

    def _break(self, tag: str) -> None:
        """A block begins: what was said before it stands for itself. Inside a table cell it is a space."""
        if self._tables:
            self._words.append(" ")
            return
        if tag == "dd" and "".join(self._words).strip():
            self._words.append(": ")
            return
        self._flush()
        self._anchor = self._anchor if _HEADING.fullmatch(tag) else ""
        if tag in ("ul", "ol", "menu"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()

    def _next_marker(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number}."

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in ("td", "th", "tr", "table"):
            self._close_table(tag)
        elif tag == "caption" and len(self._tables) == 1:
            self._flush()
        elif self._tables:
            self._words += [" "] if tag in _BREAKS or _HEADING.fullmatch(tag) else []
        elif tag == "dt":
            self._words = ["".join(self._words).rstrip()]
        elif level := _HEADING.fullmatch(tag):
            self._close_heading(int(level[1]))
        elif tag in _BREAKS:
            self._flush()
            self._anchor = ""
            self._marker = "" if tag == "li" else self._marker
            if tag in ("ul", "ol", "menu") and self._lists:
                self._lists.pop()

    def _since(self, line: int) -> tuple[int, int]:
        """From `line` to here, in the page's order: a browser moves words that stray into a table before it."""
        return min(line, self._line), max(line, self._line)

    def _close_heading(self, level: int) -> None:
        text, anchor = self._taken(), self._anchor
        self._anchor = ""
        if text:
            self._outline.heading(level, text, lines=self._since(self._begin), anchor=anchor if self._headings else "")

    def _close_table(self, tag: str) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        if tag in ("td", "th"):
            table.cells.append(one_line(self._taken()))
            table.headers += tag == "th"
        elif len(self._tables) > 1:
            self._flatten(tag)
        else:
            self._row(table)
        if tag == "table":
            self._tables.pop()

    def _flatten(self, tag: str) -> None:
        """A table inside a cell is read as the words of that cell."""
        inner = self._tables[-1]
        self._words = [" ".join([*inner.cells, *self._words]), " "]
        inner.cells = []
        if tag == "tr":
            inner.cells, self._words = ["".join(self._words)], []

    def _row(self, table: _Table) -> None:
        """Give out the open row; a row of one cell, as in a table made for layout, is prose."""
        cells = table.cells
        loose = self._taken()
        if any(cells):
            kind = Kind.HEADER if table.headers == len(cells) > 1 else Kind.ROW if len(cells) > 1 else Kind.PROSE
            self._outline.block(Block(kind, " | ".join(cells), self._since(table.line)))
        if loose:
            self._outline.block(Block(Kind.PROSE, loose, self._since(self._begin)))
        table.cells, table.headers = [], 0

    def _code(self, node: LexborNode) -> None:
        text = visible(_unmarked(node.text())).strip("\n")
        first = self._line
        self._line += text.count("\n")
        self._outline.block(Block(Kind.CODE, text, (first, self._line), depth=len(self._lists)))

    def _say(self, text: str) -> None:
        if self._silent and (spoken := text.lstrip()):
            self._begin = self._line + text.count("\n", 0, len(text) - len(spoken))
            self._silent = False
        self._line += text.count("\n")
        self._words.append(_unmarked(text).replace("\n", " "))

    def _taken(self) -> str:
        text = folded("".join(self._words))
        self._words, self._silent = [], True
        return text

    def _flush(self) -> None:
        text = self._taken()
        if not text:
            return
        depth = len(self._lists)
        kind = Kind.ITEM if self._marker else Kind.PROSE
        self._outline.block(Block(kind, text, self._since(self._begin), marker=self._marker, depth=depth))
        self._marker = ""
