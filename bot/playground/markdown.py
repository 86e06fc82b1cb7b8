"""Standard Markdown, as far as a Slack `markdown` block shows it, as nodes.

Slack's own tokens (`<@U123>`, `<!channel>`, `<url|label>`) are read here too: they come alive in `markdown` blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from bot.playground.mrkdwn import ANGLED, BARE_URL, EMOJI, MAX_DEPTH, Mrkdwn, Names, decode
from bot.playground.nodes import Node, link, styled, text

INLINE = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<code>(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<image>!\[[^\]\n]*\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\))"
    r"|(?P<link>\[[^\[\]\n]*\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\))"
    rf"|(?P<token>{ANGLED})"
    r"|(?P<bold>\*\*(?=\S)[^\n]+?(?<=\S)\*\*|(?<!\w)__(?=\S)[^\n]+?(?<=\S)__(?!\w))"
    r"|(?P<strike>~~(?=\S)[^\n]+?(?<=\S)~~)"
    r"|(?P<italic>\*(?=[^\s*])[^*\n]+(?<=\S)\*|(?<!\w)_(?=[^\s_])[^_\n]+(?<=\S)_(?!\w))"
    r"|(?P<emoji>:[a-z0-9_+-]+:)"
    rf"|(?P<url>\b{BARE_URL})"
    r"|(?P<break>\n)",
)
LABELLED = re.compile(r"!?\[(?P<label>[^\]]*)\]\((?P<url>\S*?)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^`]*$")
HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
RULE = re.compile(r"^ {0,3}(?:-[ \t]*){3,}$|^ {0,3}(?:\*[ \t]*){3,}$|^ {0,3}(?:_[ \t]*){3,}$")
QUOTE = re.compile(r"^ {0,3}(?:>|&gt;) ?")
ITEM = re.compile(r"^( *)([-*+]|\d{1,9}[.)])[ \t]+(?=\S)")
DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]+)\]:[ \t]*<?(\S+?)>?(?:[ \t]+[\"'(][^\n]*)?$", re.MULTILINE)
REFERENCE = re.compile(r"!?\[([^\[\]\n]+)\](?:\[([^\[\]\n]*)\])?(?![(:])")
BAR = re.compile(r"(?<!\\)\|")
TABLE_RULE = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


@dataclass(frozen=True, slots=True)
class Markdown:
    """Reads standard Markdown."""

    names: Names
    tokens: Mrkdwn = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", Mrkdwn(self.names))

    def block(self, source: str) -> tuple[Node, ...]:
        """A whole text."""
        return tuple(self._blocks(_without_references(source.replace("\r\n", "\n")).split("\n"), 0))

    def _blocks(self, lines: Sequence[str], depth: int) -> Iterator[Node]:
        paragraph: list[str] = []
        position = 0
        while position < len(lines):
            taken, node = self._special(lines, position, depth) if depth < MAX_DEPTH else (0, None)
            if taken or not lines[position].strip():
                yield from self._paragraph(paragraph)
                paragraph.clear()
            else:
                paragraph.append(lines[position].strip())
            if node is not None:
                yield node
            position += taken or 1
        yield from self._paragraph(paragraph)

    def _paragraph(self, lines: Sequence[str]) -> Iterator[Node]:
        if lines:
            yield Node("paragraph", children=tuple(self.inline("\n".join(lines))))

    def _special(self, lines: Sequence[str], position: int, depth: int) -> tuple[int, Node | None]:
        """How many lines the block at `position` takes, and the block; (0, None) for ordinary text."""
        line = lines[position]
        if RULE.match(line):
            return 1, Node("divider")
        if heading := HEADING.match(line):
            children = tuple(self.inline(heading[2]))
            return 1, Node("heading", children=children, attributes={"level": len(heading[1])})
        return self._longer(lines, position, depth)

    def _longer(self, lines: Sequence[str], position: int, depth: int) -> tuple[int, Node | None]:
        """The blocks that may go on over several lines."""
        line = lines[position]
        if FENCE.match(line):
            return self._fence(lines, position)
        if QUOTE.match(line):
            return self._quote(lines, position, depth)
        if ITEM.match(line):
            return self._list(lines, position, depth)
        if "|" in line and position + 1 < len(lines) and TABLE_RULE.match(lines[position + 1]):
            return self._table(lines, position)
        return 0, None

    def _fence(self, lines: Sequence[str], position: int) -> tuple[int, Node]:
        mark = lines[position].strip()[:3]
        body = _until(lines, position + 1, lambda line: line.strip().startswith(mark))
        shown = tuple(self.tokens.verbatim("\n".join(body)))
        return len(body) + 2, Node("pre", children=shown)

    def _quote(self, lines: Sequence[str], position: int, depth: int) -> tuple[int, Node]:
        body = _until(lines, position, lambda line: not QUOTE.match(line))
        inner = [QUOTE.sub("", line, count=1) for line in body]
        return len(body), Node("quote", children=tuple(self._blocks(inner, depth + 1)))

    def _list(self, lines: Sequence[str], position: int, depth: int) -> tuple[int, Node]:
        items: list[Node] = []
        start = position
        first = ITEM.match(lines[position])
        indent, mark = (len(first[1]), first[2]) if first else (0, "-")
        while position < len(lines) and _continues_list(lines[position], indent, mark):
            body = _item(lines, position, indent)
            items.append(Node("item", children=tuple(self._blocks(_dedented(body), depth + 1))))
            position += len(body)
        attributes = {"ordered": mark[:-1].isdigit(), "start": int(mark[:-1]) if mark[:-1].isdigit() else 1}
        return position - start, Node("list", children=tuple(items), attributes=attributes)

    def _table(self, lines: Sequence[str], position: int) -> tuple[int, Node]:
        body = _until(lines, position + 2, lambda line: "|" not in line)
        sides = [_side(rule) for rule in _cells(lines[position + 1])]
        heads, *rest = (lines[position], *body)
        rows = [self._row(heads, sides, header=True), *(self._row(line, sides, header=False) for line in rest)]
        return len(body) + 2, Node("table", children=tuple(rows))

    def _row(self, line: str, sides: Sequence[str], *, header: bool) -> Node:
        shown = (
            Node("cell", children=tuple(self.inline(cell)), attributes={"align": side} if side else {})
            for cell, side in zip_longest(_cells(line), sides[: len(_cells(line))], fillvalue="")
        )
        return Node("row", children=tuple(shown), attributes={"header": header})

    def inline(self, source: str, depth: int = 0) -> Iterator[Node]:
        """Text within a paragraph."""
        end = 0
        for match in INLINE.finditer(source):
            if match.start() > end:
                yield text(decode(source[end : match.start()]))
            yield from self._found(match, depth)
            end = match.end()
        if end < len(source):
            yield text(decode(source[end:]))

    def _found(self, match: re.Match[str], depth: int) -> Iterator[Node]:
        kind, found = match.lastgroup or "", match[0]
        if kind in ("bold", "italic", "strike"):
            yield self._styled(kind, found, depth)
        elif kind == "break":
            yield Node("break")
        elif kind == "escape":
            yield text(found[1:])
        elif kind == "token":
            yield self.tokens.token(found[1:-1])
        elif kind == "emoji":
            yield text(EMOJI.get(found[1:-1], found))
        elif kind == "url":
            yield link(decode(found), (text(decode(found)),))
        else:
            yield self._bracketed(kind, found, match["ticks"])

    def _bracketed(self, kind: str, found: str, ticks: str | None) -> Node:
        if kind not in ("link", "image"):
            width = len(ticks or "`")
            return Node("code", children=tuple(self.tokens.verbatim(found[width:-width])))
        parts = LABELLED.fullmatch(found)
        label, url = (decode(parts["label"]), decode(parts["url"])) if parts else (found, "")
        return link(url, (text(label or url),))

    def _styled(self, kind: str, found: str, depth: int) -> Node:
        width = 1 if kind == "italic" else 2
        inner = found[width:-width]
        children = tuple(self.inline(inner, depth + 1)) if depth < MAX_DEPTH else (text(decode(inner)),)
        return styled(kind, children)


def _without_references(source: str) -> str:
    """The text with `[label][name]` written as `[label](address)`, and the definitions gone."""
    addresses = {name.casefold(): address for name, address in DEFINITION.findall(source)}
    if not addresses:
        return source

    def resolved(match: re.Match[str]) -> str:
        address = addresses.get((match[2] or match[1]).casefold())
        return f"[{match[1]}]({address})" if address else match[0]

    return REFERENCE.sub(resolved, DEFINITION.sub("", source))


def _cells(line: str) -> list[str]:
    """What stands between the bars of a table's line."""
    return [cell.strip() for cell in BAR.split(line.strip().removeprefix("|").removesuffix("|"))]


def _side(rule: str) -> str:
    """Where a column's words stand, read off the colons of its rule; empty for the left."""
    if not rule.endswith(":"):
        return ""
    return "center" if rule.startswith(":") else "right"


def _until(lines: Sequence[str], start: int, stop: Callable[[str], object]) -> list[str]:
    """Lines from `start` up to the first that `stop` accepts."""
    taken: list[str] = []
    for line in lines[start:]:
        if stop(line):
            break
        taken.append(line)
    return taken


def _continues_list(line: str, indent: int, mark: str) -> bool:
    found = ITEM.match(line)
    return bool(found) and len(found[1]) >= indent and found[2][-1] == mark[-1]


def _item(lines: Sequence[str], position: int, indent: int) -> list[str]:
    """The lines of one item: its own, and those indented under it."""
    taken = [lines[position]]
    for line in lines[position + 1 :]:
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            break
        taken.append(line)
    while len(taken) > 1 and not taken[-1].strip():
        taken.pop()
    return taken


def _dedented(body: Sequence[str]) -> list[str]:
    found = ITEM.match(body[0])
    width = found.end() if found else 0
    return [body[0][width:], *(line[min(width, len(line) - len(line.lstrip(" "))) :] for line in body[1:])]
