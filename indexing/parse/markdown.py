"""Markdown to sections of plain text: front matter, GitHub's tables, code fences, inline HTML, template tags."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.errors import Unreadable
from indexing.parse.cleaning import folded, one_line, owner_line, visible, word_set
from indexing.parse.decoding import decoded
from indexing.parse.frontmatter import parted
from indexing.parse.html import VOID, blocks_of, hides
from indexing.parse.segments import REFERENCE, WHOLE, segments, without_data
from indexing.parse.structure import Outline
from indexing.parse.templates import without_tags
from indexing.ports import Block, Kind, Parsed

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^'\">])*)>")
_COMMENT = re.compile(r"<!--[\s\S]*?(?:-->|\Z)")
_ANCHOR = re.compile(r"<[^>]*?\b(?:id|name)\s*=\s*[\"']?([^\s\"'>]+)")
_HEADING_ID = re.compile(r"\s*\{(?::\s*)?#([^\s{}]+)[^{}]*\}\s*$|\s*\{:[^{}]*\}\s*$")
_ALERT = re.compile(
    r"\[!(?:note|tip|important|warning|caution|info|danger|success|question|example|quote|abstract|bug)\][-+]?\s*",
    re.IGNORECASE,
)
_CHECKBOX = re.compile(r"\[[ xX]\]\s+")
_CONTAINER = re.compile(
    r"^[ \t]*:{3,}[ \t]*(?:[\w-]+(?:[ \t]*\{[^}\n]*\})?)?[ \t]*(?:\[(?P<label>[^\]\n]*)\]|(?P<title>[^\n]*))$",
    re.MULTILINE,
)
_ADMONITION = re.compile(
    r"^(?P<indent>[ \t]*)(?:!!!|\?\?\?\+?|===)[ \t]+(?:[\w-]+[ \t]*)*(?:\"(?P<title>[^\"\n]*)\")?[ \t]*$"
)
_SCRIPT_LINE = re.compile(
    r"^(?:import\s[^\n]*?from\s+['\"][^\n]*|import\s+['\"][^\n]*|export\s+(?:const|default|let|var|function)\b[^\n]*)$",
    re.MULTILINE,
)
_ADMONITION_SIGN = re.compile(r"^[ \t]*(?:!!!|\?\?\?|===)[ \t]", re.MULTILINE)
_TABLE_PART = re.compile(r"\s*<(?:tr|td|th|tbody|thead|tfoot)\b", re.IGNORECASE)
_BREAKING = word_set("br p div li ul ol tr td th table h1 h2 h3 h4 h5 h6 dt dd summary details hr")
_OPEN_BRACKETS = 100
_AUTO_CLOSED = word_set("p li td th tr dt dd option")


class MarkdownParser:
    """Reads Markdown as GitHub and the common site generators do.

    A page that costs more than `patience` seconds of `clock` (the thread's processor time) is given up.
    """

    def __init__(self, *, clock: Callable[[], float] = time.thread_time, patience: float = 60) -> None:
        self._clock = clock
        self._patience = patience

    def parse(self, data: bytes) -> Parsed:
        """The page's sections. Its title is that of the front matter, else the first heading of level 1."""
        deadline = self._clock() + self._patience
        matter, body = parted(decoded(data))
        reader = _Reader()
        if matter.summary:
            reader.outline.block(Block(Kind.PROSE, matter.summary, matter.lines))
        if matter.keywords:
            reader.outline.block(Block(Kind.KEYWORDS, matter.keywords, matter.lines))
        for lines_before, tokens in _tokens(_prepared(body)):
            reader.read(tokens, lines_before=lines_before)
            if self._clock() > deadline:
                raise Unreadable("takes too long to read")
        title = plain_line(matter.title) or reader.title or reader.outline.title
        return Parsed(title, reader.outline.sections(), owner=owner_line(plain_line(matter.owner)))


def _tokens(body: str) -> Iterator[tuple[int, list[Token]]]:
    """The page's tokens piece by piece, each with the number of lines before it; links by name work across pieces."""
    known: dict[str, Any] = {}
    if len(body) > WHOLE:
        _grammar().parse("\n".join(REFERENCE.findall(body)), known)
    for lines_before, piece in segments(body):
        yield lines_before, _grammar().parse(piece, known)


def plain_line(markdown: str) -> str:
    """One line of Markdown as plain text."""
    tokens = _grammar().parseInline(without_tags(markdown)) if markdown else []
    return one_line(_Reader().inline(tokens[0])) if tokens else ""


@cache
def _grammar() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - loaded when the first page is read
    from mdit_py_plugins.footnote import footnote_plugin  # noqa: PLC0415 - likewise

    grammar = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"]).use(footnote_plugin)
    grammar.validateLink = _goes_down_to_its_text
    grammar.core.ruler.before("inline", "open_brackets", _escape_open_brackets)
    return grammar.disable(["footnote_tail", "footnote_inline"])


def _goes_down_to_its_text(url: str) -> bool:
    """Every link does, wherever it points."""
    del url
    return True


def _escape_open_brackets(state: StateCore) -> None:
    """Take brackets that open many links and close none for what they are: looking for their ends is quadratic."""
    for token in state.tokens:
        if token.type == "inline" and token.content.count("[") - token.content.count("]") > _OPEN_BRACKETS:
            token.content = token.content.replace("[", "\\[")


def _prepared(body: str) -> str:
    """The page in plain GitHub Markdown, on the same lines: without template tags, containers and scripts."""
    body = without_tags(without_data(body))
    if "import " in body or "export " in body:
        body = _SCRIPT_LINE.sub("", body)
    if ":::" in body:
        body = _CONTAINER.sub(lambda found: (found["label"] or found["title"] or "").strip(), body)
    return _without_admonitions(body) if _ADMONITION_SIGN.search(body) else body


def _without_admonitions(body: str) -> str:
    """Material's `!!! note "Title"` blocks as their title and their text, which is not code for being indented."""
    lines: list[str] = []
    inside: int | None = None
    for line in body.split("\n"):
        depth = len(line) - len(line.lstrip(" "))
        if inside is not None and line.strip() and depth < inside + 4:
            inside = None
        if (opened := _ADMONITION.match(line)) is not None:
            inside = len(opened["indent"]) if inside is None else inside
            line = opened["indent"] + (opened["title"] or "")  # noqa: PLW2901 - the line is rewritten in place
        lines.append(line[4:] if inside is not None and depth >= inside + 4 else line)
    return "\n".join(lines)


class _Reader:
    """Takes markdown-it's tokens in order, and gives headings and blocks to an outline."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.title = ""
        self._hiding: list[str] = []
        self._hiding_tags: list[str] = []
        self._lists: list[int | None] = []
        self._marker = ""
        self._cells: list[str] = []
        self._head = False
        self._lines_before = 0

    def read(self, tokens: list[Token], *, lines_before: int) -> None:
        """Read a page, or the next piece of one."""
        self._lines_before = lines_before
        handlers = {
            "heading_open": self._heading,
            "fence": self._code,
            "code_block": self._code,
            "html_block": self._html,
            "inline": self._paragraph,
            "list_item_open": self._item,
            "tr_close": self._row,
        }
        for at, token in enumerate(tokens):
            self._nest(token)
            if (handler := handlers.get(token.type)) is not None:
                handler(token, tokens, at)

    def inline(self, token: Token) -> str:
        """The plain text of an inline token, hard breaks as line ends."""
        words: list[str] = []
        struck = 0
        for child in token.children or ():
            struck += {"s_open": 1, "s_close": -1}.get(child.type, 0)
            if child.type == "html_inline":
                words.append(self._tag(child.content))
            elif not self._hiding and not struck:
                words.append(self._said(child))
        return folded("".join(words))

    def _said(self, child: Token) -> str:
        if child.type in ("text", "text_special", "code_inline"):
            return child.content
        if child.type == "image":
            return self.inline(child)
        return {"softbreak": " ", "hardbreak": "\n"}.get(child.type, "")

    def _tag(self, html: str) -> str:
        self._track(html)
        tag = _TAG.match(html)
        return "\n" if tag and tag[2].lower() in _BREAKING and not self._hiding else ""

    def _track(self, html: str) -> None:
        """Keep count of which elements are open that hide what stands in them."""
        for tag in _TAG.finditer(_COMMENT.sub("", html)):
            slash, name, attributes = tag.groups()
            name = name.lower()
            if slash and name in self._hiding:
                at = len(self._hiding) - 1 - self._hiding[::-1].index(name)
                del self._hiding[at:], self._hiding_tags[at:]
            elif (
                not slash
                and name not in VOID
                and not attributes.endswith("/")
                and (self._hiding or hides(name, attributes))
            ):
                self._hiding.append(name)
                self._hiding_tags.append(tag.group())

    def _nest(self, token: Token) -> None:
        """Keep count of lists and of the head of a table."""
        if token.type in ("bullet_list_open", "ordered_list_open"):
            self._lists.append(1 if token.type == "ordered_list_open" else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif token.type in ("thead_open", "thead_close"):
            self._head = token.type == "thead_open"
        elif token.type == "footnote_reference_open":
            self._marker = "-"

    def _item(self, token: Token, _tokens: list[Token], _at: int) -> None:
        self._marker = f"{token.info}{token.markup}" if token.info else "-"

    def _heading(self, token: Token, tokens: list[Token], at: int) -> None:
        content = tokens[at + 1]
        anchor = _ANCHOR.search(content.content)
        text = one_line(self.inline(content))
        given = _HEADING_ID.search(text)
        if given:
            text = text[: given.start()]
        explicit = (given and given[1]) or (anchor and anchor[1]) or ""
        self.outline.heading(int(token.tag[1]), text, lines=self._lines(token), anchor=explicit)

    def _paragraph(self, token: Token, tokens: list[Token], at: int) -> None:
        container = tokens[at - 1].type
        if container == "heading_open":
            return
        text = self.inline(token)
        if container in ("th_open", "td_open"):
            self._cells.append(one_line(text))
            return
        text = _CHECKBOX.sub("", text, count=1) if self._marker else _ALERT.sub("", text, count=1)
        self._add(Kind.ITEM if self._marker else Kind.PROSE, text, token)

    def _row(self, token: Token, tokens: list[Token], at: int) -> None:
        cells, self._cells = self._cells, []
        opened = next((tokens[back] for back in range(at, -1, -1) if tokens[back].type == "tr_open"), token)
        if any(cells):
            self._add(Kind.HEADER if self._head else Kind.ROW, " | ".join(cells), opened)

    def _code(self, token: Token, _tokens: list[Token], _at: int) -> None:
        if not self._hiding:
            self._add(Kind.CODE, visible(token.content).strip("\n"), token)

    def _html(self, token: Token, _tokens: list[Token], _at: int) -> None:
        opened = "".join(self._hiding_tags)
        self._track(token.content)
        if self._hiding and self._hiding[0] in _AUTO_CLOSED:
            self._hiding, self._hiding_tags = [], []
        if opened and "</" not in token.content:
            return
        blocks, title = blocks_of(opened + _in_table(token.content), first_line=self._lines(token)[0])
        self.title = self.title or title
        for block in blocks:
            self._add_block(block)

    def _lines(self, token: Token) -> tuple[int, int]:
        """First and last line, counted from 1; markdown-it counts from 0 and to the line after."""
        first, after = token.map or (0, 1)
        return self._lines_before + first + 1, self._lines_before + max(first + 1, after)

    def _add(self, kind: Kind, text: str, token: Token) -> None:
        self._add_block(Block(kind, text, self._lines(token), marker=self._marker if kind is Kind.ITEM else ""))

    def _add_block(self, block: Block) -> None:
        depth = len(self._lists) + block.depth
        self.outline.block(replace(block, depth=depth))
        self._marker = ""


def _in_table(fragment: str) -> str:
    """A fragment that begins inside a table needs one around it, or its cells run together."""
    return f"<table>{fragment}" if _TABLE_PART.match(fragment) else fragment
