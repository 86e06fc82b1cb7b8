"""Parts a long Markdown page into pieces that can be parsed one by one: memory and time stay in bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator

WHOLE = 64_000
"""Characters of a page that is parsed in one piece, and of which a piece has about as many."""
TOO_LONG = 256_000
"""Characters without a place to cut, after which a page is cut at any line."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_RAW = tuple(
    (re.compile(rf" {{0,3}}{opening}", re.IGNORECASE), re.compile(closing, re.IGNORECASE))
    for opening, closing in (
        (r"<!--", r"-->"),
        (r"<(?:script|pre|style|textarea)(?=[\s>]|$)", r"</(?:script|pre|style|textarea)>"),
        (r"<\?", r"\?>"),
        (r"<!\[CDATA\[", r"\]\]>"),
        (r"<![A-Za-z]", r">"),
    )
)
_BEGINS_ANEW = re.compile(r"#{1,6}[ \t]|[-*+][ \t]|\d{1,9}[.)][ \t]")
_DATA = re.compile(r"\bdata:[\w.+-]+/[\w.+-]+(?:;[\w=.+-]+)*,[^\s)\"'>]*")
REFERENCE = re.compile(r"^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*\S[^\n]*$", re.MULTILINE)


def without_data(body: str) -> str:
    """The page without images that are written into it."""
    return _DATA.sub("#", body) if "data:" in body else body


def segments(body: str) -> Iterator[tuple[int, str]]:
    """The page in order, each piece with the number of lines before it; a short page is one piece.

    It is cut before headings, items and what follows an empty line, never inside a code block or a comment. What has
    no such place for very long is cut at any line, and a line that is longer still anywhere.
    """
    if len(body) <= WHOLE:
        yield 0, body
        return
    state = _Blocks()
    piece: list[str] = []
    first = length = 0
    for number, line in enumerate(_lines(body)):
        if length > WHOLE and (state.may_cut_before(line) or (length > TOO_LONG and not state.is_raw)):
            yield first, "".join(piece)
            piece, first, length = [], number, 0
        state.read(line)
        piece.append(line)
        length += len(line)
    yield first, "".join(piece)


def _lines(body: str) -> Iterator[str]:
    for line in body.splitlines(keepends=True):
        for at in range(0, len(line), TOO_LONG):
            yield line[at : at + TOO_LONG]


class _Blocks:
    """Follows which top-level block of Markdown a line stands in."""

    def __init__(self) -> None:
        self._fence = ""
        self._until: re.Pattern[str] | None = None
        self._empty = True

    @property
    def is_raw(self) -> bool:
        """Whether a comment or a script is open, of which no part may be mistaken for text."""
        return self._until is not None

    def may_cut_before(self, line: str) -> bool:
        """Whether a block certainly begins with `line`."""
        outside = not self._fence and self._until is None and line[:1] not in (" ", "\t", "\n", "")
        return outside and (self._empty or bool(_BEGINS_ANEW.match(line)))

    def read(self, line: str) -> None:
        """Take in one line."""
        self._empty = not line.strip()
        if self._until is not None:
            self._until = None if self._until.search(line) else self._until
        elif mark := _FENCE.match(line):
            self._fence_mark(mark[1], line)
        elif not self._fence:
            self._until = next((end for start, end in _RAW if start.match(line) and not end.search(line)), None)

    def _fence_mark(self, mark: str, line: str) -> None:
        if not self._fence:
            self._fence = mark
        elif mark.startswith(self._fence) and not line.strip().strip(mark[0]):
            self._fence = ""
