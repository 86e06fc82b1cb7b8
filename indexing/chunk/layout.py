"""Lays the blocks of a section out as one text, and knows where that text may be cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.words.sentences import Span
from indexing.chunk.units import PIECES_PER_WORD, pieces, units
from indexing.ports import Block, Kind

SHORT_FAMILY = 40
"""Words up to which an item that introduces others is quoted together with them."""
SHORT_HEADER = 30
"""Words up to which a table's header is repeated over rows that were parted from it."""

INSIDE, NEAR, APART = 1, 2, 3
"""How far an atom stands from the one before: in the same block, on the next line, after an empty line."""


@dataclass(frozen=True, slots=True)
class Atom:
    """The least that is never cut: from `start` to where the next atom starts. `unit` is what of it can be quoted."""

    start: int
    unit: Span | None
    pieces: int
    distance: int
    block: Block
    header: Block | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A section's text, and its atoms in reading order."""

    text: str
    atoms: tuple[Atom, ...]

    @property
    def pieces(self) -> int:
        """Size of the whole."""
        return sum(atom.pieces for atom in self.atoms)


def laid_out(blocks: Sequence[Block], *, longest: int) -> Layout:
    """Items and rows stand on lines of their own, other blocks are set apart by an empty line.

    No unit is over `longest` words; an item that introduces others is one with them where all together are short.
    """
    parts: list[str] = []
    atoms: list[Atom] = []
    length = 0
    before, header = None, None
    for block in blocks:
        gap = _gap(before, block)
        lead = "  " * max(0, block.depth - 1) + (f"{block.marker} " if block.marker else "")
        parts += (gap, lead, block.text)
        start = length + len(gap)
        length = start + len(lead) + len(block.text)
        header = block if block.kind is Kind.HEADER else header if block.kind is Kind.ROW else None
        distance = NEAR if len(gap) == 1 or _introduces(before) else APART
        own = list(_atoms(block, start, lead, longest, header if block.kind is Kind.ROW else None))
        atoms += (*(replace(first, distance=distance) for first in own[:1]), *own[1:])
        before = block
    return Layout("".join(parts), tuple(_with_families(atoms)))


def _gap(before: Block | None, block: Block) -> str:
    if before is None:
        return ""
    close = (Kind.ITEM, Kind.ROW, Kind.HEADER)
    together = (before.kind in close and block.kind in close) or (before.depth and block.depth)
    return "\n" if together else "\n\n"


def _introduces(before: Block | None) -> bool:
    """Whether a block leads over to the next one and should stay with it."""
    return before is not None and before.text.endswith(":")


def _atoms(block: Block, start: int, lead: str, longest: int, header: Block | None) -> Iterator[Atom]:
    """One for each unit. The number of a step belongs to its first unit, a bullet to none; search words have none."""
    numbered = any(character.isalnum() for character in block.marker)
    kind = Kind.PROSE if block.kind is Kind.KEYWORDS else block.kind
    spans = units(block.text, kind, longest=longest)
    for at, (begin, end) in enumerate(spans):
        first = start + (len(lead) - len(lead.lstrip()) if numbered and not at else len(lead) + begin)
        unit = None if block.kind is Kind.KEYWORDS else (first, start + len(lead) + end)
        yield Atom(first if at else start, unit, max(1, pieces(block.text[begin:end])), INSIDE, block, header)


def _with_families(atoms: Sequence[Atom]) -> Iterator[Atom]:
    at = 0
    while at < len(atoms):
        family = _family(atoms, at)
        yield _joined(family) if len(family) > 1 else atoms[at]
        at += len(family)


def _family(atoms: Sequence[Atom], at: int) -> Sequence[Atom]:
    """The item at `at` with all items beneath it, or alone when it introduces none or together they are long."""
    head = atoms[at]
    if head.block.kind is not Kind.ITEM or not _introduces(head.block):
        return atoms[at : at + 1]
    end, weight = at + 1, head.pieces
    while end < len(atoms) and atoms[end].block.kind is Kind.ITEM and atoms[end].block.depth > head.block.depth:
        weight += atoms[end].pieces
        end += 1
        if weight > SHORT_FAMILY * PIECES_PER_WORD:
            return atoms[at : at + 1]
    return atoms[at:end]


def _joined(family: Sequence[Atom]) -> Atom:
    head, last = family[0], family[-1]
    quoted = [atom.unit for atom in family if atom.unit is not None]
    unit = (quoted[0][0], quoted[-1][1]) if quoted else None
    block = replace(head.block, lines=(head.block.lines[0], last.block.lines[1]))
    return replace(head, unit=unit, pieces=sum(atom.pieces for atom in family), block=block)
