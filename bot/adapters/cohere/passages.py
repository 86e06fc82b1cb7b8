"""A passage as a reranker reads it, and the way back from a place in that to a place in the chunk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.models import Chunk

INDENT: Final = "  "

_UNFIT = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the chunk's text: where it begins in what was sent and in the text, and its length."""

    sent: int
    text: int
    length: int


@dataclass(frozen=True, slots=True)
class Sent:
    """YAML with title, section and text; the text stands in it line by line, so that each has its place."""

    yaml: str
    lines: tuple[Line, ...]

    def back(self, start: int, end: int) -> tuple[int, int] | None:
        """What code points `start` to `end` of the YAML show of the text; None where they show nothing of it."""
        shown = list(self._shown(start, end))
        return (shown[0][0], shown[-1][1]) if shown else None

    def _shown(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for line in self.lines:
            first, last = max(start, line.sent), min(end, line.sent + line.length)
            if first < last:
                yield line.text + first - line.sent, line.text + last - line.sent


def passage(chunk: Chunk, *, most: int) -> Sent:
    """The chunk for a reranker, its text cut after `most` characters."""
    place = {"title": chunk.title, "section": " › ".join(chunk.heading_path)}
    # A string of JSON is one of YAML, and written a hundred times faster than by a library for all of YAML.
    pieces = [f"{name}: {json.dumps(_plain(said), ensure_ascii=False)}\n" for name, said in place.items() if said]
    pieces.append("text: |2-\n")
    length = sum(len(piece) for piece in pieces)
    lines: list[Line] = []
    at = 0
    for text in _plain(chunk.text[:most]).split("\n"):
        lines.append(Line(length + len(INDENT), at, len(text)))
        pieces.append(f"{INDENT}{text}\n")
        length += len(pieces[-1])
        at += len(text) + 1
    return Sent("".join(pieces), tuple(lines))


def _plain(text: str) -> str:
    """The text without what YAML cannot hold in a line, each other character in its place."""
    return _UNFIT.sub(" ", text)
