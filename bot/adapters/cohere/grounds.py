"""Which sentences of a stream are grounded: text and citations in, each sentence out once its citations are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.adapters.cohere.events import Citation
from bot.answering.drafting import Draft, Drafting

OF_THE_ANSWER: Final = (None, "TEXT_CONTENT")
"""Kinds of citations that stand in the answer, not in what a model thinks or plans."""
OF_A_DOCUMENT: Final = "document"
BETWEEN: Final = "\n\n"
"""Stands between two blocks of content."""
JOINTS: Final = (" ", "\n", "\n\n")
"""From the weakest to the strongest."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A part of the answer, in code points of all its text, and the ids of the documents that say it."""

    start: int
    end: int
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grounded:
    """A sentence with the documents that say it, in the order of their citations."""

    draft: Draft
    documents: tuple[str, ...]


class Grounds:
    """Takes an answer as it streams and gives its grounded sentences, in order.

    Citations come in the order of their places, after their text: in the midst of the stream, or all at its end. So a
    sentence is given once it has a citation and the text has gone on behind it; one without a citation is dropped once
    a later place has one. Where citations come at the end, nothing is given before it.
    """

    def __init__(self) -> None:
        self._drafting = Drafting()
        self._blocks: dict[int, str] = {}
        self._begins: dict[int, int] = {}
        self._length = 0
        self._drafts: list[Draft] = []
        self._grounds: list[Ground] = []
        self._joint = JOINTS[0]
        """The strongest joint of the sentences dropped since the last that was given."""
        self._waiting: list[Citation] = []
        """Citations of words that are not there yet."""

    def write(self, piece: str, *, block: int) -> list[Grounded]:
        """Go on with a block's text; the sentences that are known to be grounded by now."""
        if not piece:
            return []
        if block not in self._blocks:
            self._begin(block)
        self._blocks[block] += piece
        self._length += len(piece)
        self._drafts += self._drafting.feed(piece)
        self._waiting = [citation for citation in self._waiting if not self._placed(citation)]
        return list(self._known())

    def cite(self, citation: Citation) -> None:
        """Take in a citation; one that is not of the answer, or cites no document, is left out."""
        if citation.type in OF_THE_ANSWER and _documents(citation) and not self._placed(citation):
            self._waiting.append(citation)

    def close(self) -> list[Grounded]:
        """The grounded sentences that are left, once text and citations are complete."""
        self._drafts += self._drafting.close()
        for citation in self._waiting:
            self._placed(citation, at_last=True)
        return list(self._rest())

    def _placed(self, citation: Citation, *, at_last: bool = False) -> bool:
        """Whether the citation has found its place; until the text is complete, its words may yet come."""
        block = citation.content_index
        if block is None:
            block = next(iter(self._blocks), 0)
        text = self._blocks.get(block, "")
        if not at_last and len(text) < (citation.end or 0):
            return False
        place = found(citation, text)
        if place is None:
            return False
        begin = self._begins[block]
        self._grounds.append(Ground(begin + place[0], begin + place[1], _documents(citation)))
        return True

    def _begin(self, block: int) -> None:
        if self._blocks:
            self._drafts += self._drafting.feed(BETWEEN)
            self._length += len(BETWEEN)
        self._blocks[block] = ""
        self._begins[block] = self._length

    def _known(self) -> Iterator[Grounded]:
        """The first sentences, as far as it is certain what grounds them."""
        while self._drafts:
            draft = self._drafts[0]
            documents = self._citing(draft)
            if not documents and not any(ground.start >= draft.end for ground in self._grounds):
                return
            yield from self._settled(self._drafts.pop(0), documents)

    def _rest(self) -> Iterator[Grounded]:
        while self._drafts:
            draft = self._drafts.pop(0)
            yield from self._settled(draft, self._citing(draft))

    def _settled(self, draft: Draft, documents: tuple[str, ...]) -> Iterator[Grounded]:
        """The sentence, set off from the one before it as everything dropped between them was."""
        self._joint = max(self._joint, draft.joint, key=_strength)
        if documents:
            yield Grounded(replace(draft, joint=self._joint), documents)
            self._joint = JOINTS[0]

    def _citing(self, draft: Draft) -> tuple[str, ...]:
        touching = [ground for ground in self._grounds if ground.start < draft.end and draft.start < ground.end]
        return tuple(dict.fromkeys(name for ground in touching for name in ground.documents))


def _documents(citation: Citation) -> tuple[str, ...]:
    return tuple(source.id for source in citation.sources if source.type == OF_A_DOCUMENT and source.id)


def _strength(joint: str) -> int:
    return JOINTS.index(joint) if joint in JOINTS else len(JOINTS)


def found(citation: Citation, text: str) -> tuple[int, int] | None:
    """Where in `text` the cited words stand, as code points: by the words themselves, nearest to the offsets told.

    Offsets alone count only where the words are nowhere. Cohere does not say whether it counts code points, UTF-16
    units or bytes, so nearness is taken by whichever fits best.
    """
    words, told = citation.text.strip(), citation.start or 0
    begin = told + len(citation.text) - len(citation.text.lstrip())
    if words and begin >= 0 and text.startswith(words, begin):
        return begin, begin + len(words)
    place = min(_occurrences(words, text, begin), default=None)
    if place is not None:
        return place[-1], place[-1] + len(words)
    end = min(citation.end or 0, len(text))
    return (told, end) if 0 <= told < end else None


def _occurrences(words: str, text: str, told: int) -> Iterator[tuple[int, int, int]]:
    """Of each place of the words: how far it is from `told`, in the unit that brings them nearest, then in code points.

    What stands before a place is measured once, whatever the number of places.
    """
    place, measured, wide, long = text.find(words) if words else -1, 0, 0, 0
    while place >= 0:
        between = text[measured:place]
        wide += len(between.encode("utf-16-le", "surrogatepass")) // 2
        long += len(between.encode("utf-8", "replace"))
        yield min(abs(unit - told) for unit in (place, wide, long)), abs(place - told), place
        measured, place = place, text.find(words, place + 1)
