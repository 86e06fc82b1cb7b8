"""Chunks along headings: no chunk holds text of two sections, and none cuts what can be quoted, if it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.models import Chunk, Document
from indexing.chunk.sentences import Span
from indexing.chunk.units import LONGEST, size, units
from indexing.ports import Block, Kind, Linker, Origin, Parsed, Section

if TYPE_CHECKING:
    from semantic_text_splitter import TextSplitter

DEFAULT_LIMIT = 180
"""Words in a chunk (as `size` counts them): with its place line what a small embedding model sees, 256 word pieces."""
_SHORT_FAMILY = 40
"""Words up to which an item that introduces others is quoted together with them."""
_VERSION = "1"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block laid out in its section's text: where it stands, and which parts of it can be quoted."""

    span: Span
    units: tuple[Span, ...]
    block: Block


@dataclass(frozen=True, slots=True)
class _Cut:
    """A chunk to be: its text, its units in that text, and its lines in the source."""

    text: str
    units: tuple[Span, ...]
    lines: Span


class HeadingChunker:
    """Cuts each section into as few chunks as hold at most `limit` words, alike in length."""

    def __init__(self, *, limit: int = DEFAULT_LIMIT, longest_unit: int = LONGEST) -> None:
        self._limit = limit
        self._longest = min(longest_unit, limit)

    @property
    def version(self) -> str:
        """Changes with the rules and the sizes."""
        return f"headings-{_VERSION}-{self._limit}-{self._longest}"

    def chunk(self, parsed: Parsed, origin: Origin, *, link: Linker) -> Document:
        """The document with its chunks, in order; no word of `parsed` is lost."""
        document_id = f"{origin.source}:{origin.path}"
        title = parsed.title or readable_name(origin.path)
        cuts = [(section, cut) for section in _worth_indexing(parsed.sections) for cut in self._cuts(section)]
        return Document(
            id=document_id,
            source=origin.source,
            path=origin.path,
            title=title,
            url=link(""),
            revision=origin.revision,
            updated=origin.updated,
            readable_by=origin.readable_by,
            chunks=tuple(
                Chunk(
                    id=f"{document_id}#{position}",
                    document_id=document_id,
                    source=origin.source,
                    path=origin.path,
                    title=title,
                    heading_path=section.headings,
                    text=cut.text,
                    position=position,
                    lines=cut.lines,
                    url=link(section.anchor),
                    updated=origin.updated,
                    revision=origin.revision,
                    readable_by=origin.readable_by,
                    units=cut.units,
                )
                for position, (section, cut) in enumerate(cuts)
            ),
        )

    def _cuts(self, section: Section) -> Iterator[_Cut]:
        text, pieces = _laid_out(section.blocks, self._longest)
        total = size(text)
        if total <= self._limit:
            yield _cut(text, pieces, (0, len(text)))
            return
        splitter = _splitter(_fair_share(total, self._limit))
        for start, part in splitter.chunk_indices(_cuttable(text, pieces)):
            yield _cut(text, pieces, (start, start + len(part)))


def readable_name(path: str) -> str:
    """A title for a document that has none: its file's name, or its folder's when the file is an index page."""
    parts = [part for part in path.split("/") if part]
    stem = re.sub(r"\.\w{1,8}$", "", parts[-1]) if parts else path
    if stem.lower() in ("index", "readme", "_index") and len(parts) > 1:
        stem = parts[-2]
    words = re.sub(r"[-_\s]+", " ", stem).strip()
    return words[:1].upper() + words[1:] or path


def _worth_indexing(sections: Sequence[Section]) -> Iterator[Section]:
    """The sections with text; and a heading with nothing under it, as its own text, so that its words are found."""
    for at, section in enumerate(sections):
        if section.blocks:
            yield section
        elif section.headings and not _has_children(sections, at):
            heading = Block(Kind.PROSE, section.headings[-1], (section.line, section.line))
            yield Section(section.headings, section.anchor, section.line, (heading,))


def _has_children(sections: Sequence[Section], at: int) -> bool:
    own = sections[at].headings
    return (
        at + 1 < len(sections)
        and sections[at + 1].headings[: len(own)] == own
        and len(sections[at + 1].headings) > len(own)
    )


# --- laying out -----------------------------------------------------------------------------------------------------


def _laid_out(blocks: Sequence[Block], longest: int) -> tuple[str, list[_Piece]]:
    """The section's text: items and rows on lines of their own, other blocks set apart by an empty line."""
    text = ""
    pieces: list[_Piece] = []
    for before, block in zip((None, *blocks), blocks, strict=False):
        text += _gap(before, block)
        start = len(text)
        lead = "  " * max(0, block.depth - 1) + (f"{block.marker} " if block.marker else "")
        text += lead + block.text
        pieces.append(_Piece((start, len(text)), tuple(_units(block, start, lead, longest)), block))
    return text, _families(text, pieces)


def _gap(before: Block | None, block: Block) -> str:
    if before is None:
        return ""
    close = (Kind.ITEM, Kind.ROW, Kind.HEADER)
    together = (before.kind in close and block.kind in close) or (before.depth and block.depth)
    return "\n" if together else "\n\n"


def _units(block: Block, start: int, lead: str, longest: int) -> Iterator[Span]:
    """The block's units in the section's text; the number of a step belongs to its first unit, a bullet does not."""
    if block.kind is Kind.KEYWORDS:
        return
    begin = start + len(lead)
    numbered = any(character.isalnum() for character in block.marker)
    for at, (first, last) in enumerate(units(block.text, block.kind, longest=longest)):
        yield (start + len(lead) - len(lead.lstrip()) if numbered and at == 0 else begin + first, begin + last)


def _families(text: str, pieces: list[_Piece]) -> list[_Piece]:
    """Join an item that ends in a colon with the items under it, where all together are short."""
    joined: list[_Piece] = []
    at = 0
    while at < len(pieces):
        family = _family(text, pieces, at)
        joined.append(family if family is not None else pieces[at])
        at += 1
        while family is not None and at < len(pieces) and pieces[at].span[1] <= family.span[1]:
            at += 1
    return joined


def _family(text: str, pieces: list[_Piece], at: int) -> _Piece | None:
    head = pieces[at]
    if head.block.kind is not Kind.ITEM or not head.block.text.rstrip().endswith(":") or not head.units:
        return None
    members = [head]
    for piece in pieces[at + 1 :]:
        if piece.block.kind is not Kind.ITEM or piece.block.depth <= head.block.depth:
            break
        members.append(piece)
        if len(text[head.span[0] : piece.span[1]].split()) > _SHORT_FAMILY:
            return None
    if len(members) == 1:
        return None
    lines = (head.block.lines[0], members[-1].block.lines[1])
    block = Block(Kind.ITEM, head.block.text, lines, head.block.marker, head.block.depth)
    return _Piece((head.span[0], members[-1].span[1]), ((head.units[0][0], members[-1].units[-1][1]),), block)


# --- cutting --------------------------------------------------------------------------------------------------------


def _splitter(capacity: int) -> TextSplitter:
    from semantic_text_splitter import TextSplitter  # noqa: PLC0415 - loaded when the first long section is cut

    return TextSplitter.from_callback(size, capacity)


def _fair_share(total: int, limit: int) -> int:
    """Words a chunk may hold so that all come out alike, instead of a full one and a scrap."""
    return min(limit, -(-total // -(-total // limit)) + limit // 6)


def _cuttable(text: str, pieces: Sequence[_Piece]) -> str:
    """A text of the same length, with line ends where it may be cut and nowhere else.

    An empty line stands where a cut is best; a line that introduces what follows stays with it.
    """
    letters = list(text.replace("\n", " "))
    for before, piece in zip((None, *pieces), pieces, strict=False):
        for begin, _ in piece.units[1:]:
            letters[begin - 1] = "\n"
        if before is not None:
            apart = piece.span[0] - before.span[1]
            letters[piece.span[0] - 1] = "\n"
            if apart > 1 and not before.block.text.endswith(":"):
                letters[piece.span[0] - 2] = "\n"
    return "".join(letters)


def _cut(text: str, pieces: Sequence[_Piece], span: Span) -> _Cut:
    """What of the section falls into `span`. Rows that were parted from their table's header get it again."""
    start, end = span
    inside = [piece for piece in pieces if piece.span[0] < end and piece.span[1] > start]
    head = _header_above(text, pieces, inside)
    shift = len(head.text) - start
    within = [
        (max(begin, start) + shift, min(stop, end) + shift)
        for piece in inside
        for begin, stop in piece.units
        if begin < end and stop > start
    ]
    lines = (min(piece.block.lines[0] for piece in inside), max(piece.block.lines[1] for piece in inside))
    return _Cut(head.text + text[start:end], (*head.units, *within), lines)


def _header_above(text: str, pieces: Sequence[_Piece], inside: Sequence[_Piece]) -> _Cut:
    """The header of the table that the first piece is a row of, with a line end; nothing when there is none."""
    at = pieces.index(inside[0])
    while pieces[at].block.kind is Kind.ROW and at:
        at -= 1
    header = pieces[at]
    if inside[0].block.kind is not Kind.ROW or header.block.kind is not Kind.HEADER:
        return _Cut("", (), (0, 0))
    start = header.span[0]
    return _Cut(text[start : header.span[1]] + "\n", tuple((a - start, b - start) for a, b in header.units), (0, 0))
