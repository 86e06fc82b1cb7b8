"""Collects headings and blocks, in reading order, into sections."""

import re
from collections import Counter
from dataclasses import replace

from indexing.parse.cleaning import one_line
from indexing.ports import Block, Section

_WORD = re.compile(r"\w")
_SIGNS = re.compile(r"(\W{200})\W{200,}")
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


class Outline:
    """Receives a document's headings and blocks one after the other, and gives its sections."""

    def __init__(self) -> None:
        self.title = ""
        self._open: list[tuple[int, str]] = []
        self._sections: list[Section] = []
        self._heading: tuple[tuple[str, ...], str, tuple[int, int]] = ((), "", (1, 1))
        self._blocks: list[Block] = []
        self._anchors: Counter[str] = Counter()

    def heading(self, level: int, text: str, *, lines: tuple[int, int], anchor: str = "") -> None:
        """Begin a section; a heading closes those of its own level and below. One without words begins none."""
        name = one_line(text)
        if not name:
            return
        self._close()
        self._open = [(outer, words) for outer, words in self._open if outer < level] + [(level, name)]
        self._heading = (tuple(words for _, words in self._open), anchor or self._numbered(slug(name)), lines)
        if level == 1 and not self.title:
            self.title = name

    def block(self, block: Block) -> None:
        """Add a block to the current section; one without a word says nothing, nor do endless rows of signs."""
        if _WORD.search(block.text):
            self._blocks.append(replace(block, text=_SIGNS.sub(r"\1", block.text)))

    def sections(self) -> tuple[Section, ...]:
        """Every section so far, those without blocks too."""
        self._close()
        return tuple(self._sections)

    def _close(self) -> None:
        headings, anchor, lines = self._heading
        if headings or self._blocks:
            self._sections.append(Section(headings, anchor, lines, tuple(self._blocks)))
        self._heading, self._blocks = ((), "", lines), []

    def _numbered(self, anchor: str) -> str:
        seen = self._anchors[anchor]
        self._anchors[anchor] += 1
        return f"{anchor}-{seen}" if seen else anchor


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return _NOT_IN_ANCHOR.sub("", heading.strip().lower()).replace(" ", "-")
