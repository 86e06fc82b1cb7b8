"""Plain text and light markup (reStructuredText, AsciiDoc, Org) to sections: headings, items and paragraphs by eye."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from indexing.parse.cleaning import folded, looks_wrapped
from indexing.parse.decoding import decoded
from indexing.parse.structure import Outline
from indexing.ports import Block, Kind, Parsed

_UNDERLINE = re.compile(r"^([=\-~^\"'`#*+:.<>_])\1{2,}[ \t]*$")
_PREFIXED = re.compile(r"^(={1,6}|\*{1,6})[ \t]+(\S.*?)(?:[ \t]+=+)?[ \t]*$")
_ITEM = re.compile(r"^(?P<indent>[ \t]*)(?P<marker>[-*+•‣◦]|\(?\d{1,3}[.)]|#\.)[ \t]+(?=\S)")
_DIRECTIVE = re.compile(r"^[ \t]*\.\.[ \t]+(?:[\w-]+::.*|_[^:\n]+:.*|\[[^\]\n]*\].*)?$|^:[\w-]+:(?:[ \t].*)?$")


class TextParser:
    """Reads text as a person would: an underlined line is a heading, a line with a bullet an item."""

    def __init__(self, *, prefixed: str = "") -> None:
        """`prefixed` is the sign that begins a heading in this kind of text ("=" in AsciiDoc, "*" in Org)."""
        self._prefixed = prefixed

    def parse(self, data: bytes) -> Parsed:
        """The sections; the title is the first heading."""
        outline = Outline()
        lines = decoded(data).split("\n")
        levels: dict[str, int] = {}
        run: list[tuple[int, str]] = []
        for number, line, heading in self._headings(lines):
            if heading:
                _paragraphs(run, outline)
                run = []
                outline.heading(levels.setdefault(heading, len(levels) + 1), line, lines=(number, number))
            else:
                run.append((number, line))
        _paragraphs(run, outline)
        return Parsed(title=_first_heading(outline), sections=outline.sections())

    def _headings(self, lines: list[str]) -> Iterator[tuple[int, str, str]]:
        """Each line with its number and, where it is a heading, the sign that marks its level."""
        taken: set[int] = set()
        for number, (line, below) in enumerate(pairwise([*lines, ""]), start=1):
            if number in taken:
                continue
            prefixed = _PREFIXED.match(line)
            if prefixed and self._prefixed and prefixed[1].startswith(self._prefixed):
                yield number, prefixed[2], prefixed[1]
            elif _is_underlined(line, below):
                taken.add(number + 1)
                yield number, line.strip(), below.strip()[0]
            elif not _UNDERLINE.match(line):
                yield number, line, ""
            else:
                yield number, "", ""


def _is_underlined(line: str, below: str) -> bool:
    words = line.strip()
    return (
        bool(_UNDERLINE.match(below))
        and len(below.strip()) >= min(len(words), 60) - 1
        and any(character.isalnum() for character in words)
        and not _ITEM.match(line)
    )


def _first_heading(outline: Outline) -> str:
    return next((section.headings[0] for section in outline.sections() if section.headings), "")


def _paragraphs(lines: list[tuple[int, str]], outline: Outline) -> None:
    """Give out the paragraphs of a section; an empty line or an item ends one."""
    paragraph: list[tuple[int, str]] = []
    for number, line in [*lines, (0, "")]:
        ends = not line.strip() or _DIRECTIVE.match(line)
        if paragraph and (ends or _ITEM.match(line)):
            outline.block(_block(paragraph))
            paragraph = []
        if not ends:
            paragraph.append((number, line))


def _block(paragraph: list[tuple[int, str]]) -> Block:
    lines = (paragraph[0][0], paragraph[-1][0])
    texts = [line for _, line in paragraph]
    item = _ITEM.match(texts[0])
    if item is None:
        return Block(Kind.PROSE, folded(("\n", " ")[looks_wrapped(texts)].join(texts)), lines)
    marker = item["marker"] if item["marker"][-1] in ".)" else "-"
    text = " ".join([texts[0][item.end() :], *texts[1:]])
    depth = 1 + len(item["indent"].expandtabs(4)) // 2
    return Block(Kind.ITEM, folded(text), lines, marker="-" if marker == "#." else marker, depth=depth)
