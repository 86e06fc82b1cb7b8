"""Chunks along headings: no chunk holds text of two sections, and none cuts what can be quoted, if it fits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from bot.models import Chunk, Document
from bot.words.sentences import Span
from indexing.chunk.layout import SHORT_HEADER, Atom, Layout, laid_out
from indexing.chunk.units import LONGEST, PIECES_PER_WORD, size, units
from indexing.ports import Block, Kind, Linker, Origin, Parsed, Section

if TYPE_CHECKING:
    from semantic_text_splitter import TextSplitter

DEFAULT_LIMIT = 180
"""Words in a chunk of English prose: with its place line what a small embedding model sees, 256 word pieces."""
_SCALE = 4
"""Letters of an outline that stand for a word piece, so that line ends between them weigh little."""
_VERSION = "1"


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
        whole = Document(
            id=f"{origin.source}:{origin.path}",
            source=origin.source,
            path=origin.path,
            title=parsed.title or readable_name(origin.path),
            url=link(""),
            revision=origin.revision,
            updated=origin.updated,
            readable_by=origin.readable_by,
            chunks=(),
            owner=parsed.owner,
        )
        cuts = ((section, cut) for section in _worth_indexing(parsed.sections) for cut in self._cuts(section))
        chunks = (
            _chunk(whole, position, cut, headings=section.headings, url=link(section.anchor))
            for position, (section, cut) in enumerate(cuts)
        )
        return replace(whole, chunks=tuple(chunks))

    def _cuts(self, section: Section) -> Iterator[_Cut]:
        layout = laid_out(section.blocks, longest=self._longest)
        limit = int(self._limit * PIECES_PER_WORD)
        if layout.pieces <= limit:
            yield _cut(layout, 0, len(layout.atoms))
            return
        for first, after in _groups(layout.atoms, _fair_share(layout.pieces, limit)):
            yield _cut(layout, first, after)


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
            heading = Block(Kind.PROSE, section.headings[-1], section.lines)
            yield Section(section.headings, section.anchor, section.lines, (heading,))


def _has_children(sections: Sequence[Section], at: int) -> bool:
    own = sections[at].headings
    return (
        at + 1 < len(sections)
        and sections[at + 1].headings[: len(own)] == own
        and len(sections[at + 1].headings) > len(own)
    )


# --- cutting --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cut:
    """A chunk to be: its text, its units in that text, and its lines in the source."""

    text: str
    units: tuple[Span, ...]
    lines: Span


def _chunk(document: Document, position: int, cut: _Cut, *, headings: tuple[str, ...], url: str) -> Chunk:
    return Chunk(
        id=f"{document.id}#{position}",
        document_id=document.id,
        source=document.source,
        path=document.path,
        title=document.title,
        heading_path=headings,
        text=cut.text,
        position=position,
        lines=cut.lines,
        url=url,
        updated=document.updated,
        revision=document.revision,
        readable_by=document.readable_by,
        units=cut.units,
        owner=document.owner,
    )


def _groups(atoms: Sequence[Atom], capacity: int) -> Iterator[tuple[int, int]]:
    """Which atoms stand together, as half-open ranges.

    The splitter sees an outline of the section: for each atom letters for its word pieces, and before it one line
    end inside a block, two to the next line, three after an empty line. So it prefers to cut where the text does.
    """
    from semantic_text_splitter import TextSplitter  # noqa: PLC0415 - loaded when the first long section is cut

    outline = ["\n" * atom.distance + "x" * (atom.pieces * _SCALE) for atom in atoms]
    starts = list(accumulate((len(part) for part in outline), initial=0))
    firsts = [bisect_right(starts, begin) - 1 for begin, _ in _indices(TextSplitter, capacity, "".join(outline))]
    yield from pairwise([*dict.fromkeys([0, *firsts]), len(atoms)])


def _indices(splitter: type[TextSplitter], capacity: int, outline: str) -> list[tuple[int, str]]:
    return splitter(capacity * _SCALE).chunk_indices(outline)


def _fair_share(total: int, limit: int) -> int:
    """How much a chunk may hold so that all come out alike, instead of a full one and a scrap."""
    return min(limit, -(-total // -(-total // limit)) + limit // 12)


def _cut(layout: Layout, first: int, after: int) -> _Cut:
    """The chunk of these atoms. Rows that were parted from their table's header get it again."""
    atoms = layout.atoms[first:after]
    start = atoms[0].start
    end = layout.atoms[after].start if after < len(layout.atoms) else len(layout.text)
    head, own = _header(layout, first)
    shift = len(head) - start
    return _Cut(
        text=head + layout.text[start:end].rstrip(),
        units=own + tuple((atom.unit[0] + shift, atom.unit[1] + shift) for atom in atoms if atom.unit is not None),
        lines=(min(atom.block.lines[0] for atom in atoms), max(atom.block.lines[1] for atom in atoms)),
    )


def _header(layout: Layout, first: int) -> tuple[str, tuple[Span, ...]]:
    """The header over the row that comes first, with a line end, and its unit; nothing for what is no parted row."""
    atom = layout.atoms[first]
    if atom.header is None or size(atom.header.text) > SHORT_HEADER:
        return "", ()
    return f"{atom.header.text}\n", tuple(units(atom.header.text, Kind.HEADER))
