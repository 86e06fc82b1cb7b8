"""Statements to cited sentences: an unsupported one goes, a citation numbers a chunk by first use."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.gate import addresses, gated, plain, unmarked
from bot.models import Chunk, Citation, Hit, Statement, Support

JOINT = " … "
"""What stands between two pieces of one quote."""
PARAGRAPH = "\n\n"
"""What stands between two paragraphs: no construct of Markdown reaches across it."""


@dataclass(frozen=True, slots=True)
class Cited:
    """Gated text with `[n]` markers, and the citations in the order of their numbers."""

    text: str
    citations: tuple[Citation, ...]


class Citing:
    """Cites statements as they come: what `add` gives, put together, is the text of `cited`.

    A support counts when it names a passage that was given and each piece of its quote stands in that passage word for
    word; a statement with none is not shown. Each passes the gate by itself, with the addresses of its own passages.
    """

    def __init__(self, passages: Sequence[Hit]) -> None:
        self._chunks = {hit.chunk.id: hit.chunk for hit in passages}
        self._quotes: dict[str, list[str]] = {}
        """By chunk, in the order of first use: the position is the number."""
        self._addresses: dict[str, frozenset[str]] = {}
        self._pieces: list[str] = []
        self._paragraph = ""

    def add(self, statement: Statement) -> str:
        """What the text goes on with; nothing when no passage supports the statement."""
        supports = [support for support in statement.supports if self._holds(support)]
        if not supports:
            return ""
        for support in supports:
            self._quotes.setdefault(support.chunk_id, []).append(support.quote)
        numbers = sorted({self._number(support.chunk_id) for support in supports})
        allowed = frozenset[str]().union(*(self._allowed(support.chunk_id) for support in supports))
        text = unmarked(statement.text).strip()
        line = f"{text} {''.join(f'[{number}]' for number in numbers)}"
        if not plain(text):
            line = gated(line, sources=len(self._quotes), allowed_urls=allowed)
        return self._append(line, statement.joint, allowed)

    def cited(self) -> Cited:
        """The text so far with its footnotes."""
        return Cited(
            text="".join(self._pieces),
            citations=tuple(
                citation(self._number(chunk_id), self._chunks[chunk_id], _told(quotes))
                for chunk_id, quotes in self._quotes.items()
            ),
        )

    def _append(self, line: str, joint: str, allowed: frozenset[str]) -> str:
        """Go on with a line; in a paragraph of its own where it would mean something else beside its neighbours."""
        if not self._pieces:
            joint = ""
        elif joint != PARAGRAPH:
            together = f"{self._paragraph}{joint}{line}"
            if gated(together, sources=len(self._quotes), allowed_urls=allowed | self._written()) != together:
                joint = PARAGRAPH
        self._paragraph = line if joint in ("", PARAGRAPH) else f"{self._paragraph}{joint}{line}"
        self._pieces.append(f"{joint}{line}")
        return self._pieces[-1]

    def _written(self) -> frozenset[str]:
        """The addresses of every passage that is cited so far."""
        return frozenset[str]().union(*(self._allowed(chunk_id) for chunk_id in self._quotes))

    def _holds(self, support: Support) -> bool:
        """Whether the passage was given, and holds the whole quote."""
        chunk = self._chunks.get(support.chunk_id)
        pieces = [piece for piece in support.quote.split(JOINT) if piece.strip()]
        return chunk is not None and bool(pieces) and all(piece in chunk.text for piece in pieces)

    def _allowed(self, chunk_id: str) -> frozenset[str]:
        if chunk_id not in self._addresses:
            self._addresses[chunk_id] = addresses(self._chunks[chunk_id].text)
        return self._addresses[chunk_id]

    def _number(self, chunk_id: str) -> int:
        return list(self._quotes).index(chunk_id) + 1


def _told(quotes: Sequence[str]) -> str:
    """What several statements quote of one chunk, each piece once."""
    return JOINT.join(dict.fromkeys(piece for quote in quotes for piece in quote.split(JOINT)))


def citation(n: int, chunk: Chunk, quote: str) -> Citation:
    """Footnote `n`, pointing at a chunk."""
    return Citation(
        n=n,
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        revision=chunk.revision,
        path=chunk.path,
        title=chunk.title,
        heading=chunk.heading,
        heading_path=chunk.heading_path,
        quote=quote,
        url=chunk.url,
        updated=chunk.updated,
        owner=chunk.owner,
    )
