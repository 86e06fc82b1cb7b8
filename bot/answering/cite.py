"""Statements to cited sentences: an unsupported one goes, a citation numbers a chunk by first use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.gate import addresses, gated, plain, unmarked
from bot.models import Chunk, Citation, Hit, Statement

JOINT = " … "
"""What stands between two pieces of one quote."""


@dataclass(frozen=True, slots=True)
class Cited:
    """Gated text with `[n]` markers, and the citations in the order of their numbers."""

    text: str
    citations: tuple[Citation, ...]


class Citing:
    """Cites statements as they come: what `add` gives, put together, is the text of `cited`.

    A statement is supported when it names a passage that was given and each piece of its quote stands in that passage
    word for word. Each passes the gate by itself, with the addresses of its own passage: no link spans two paragraphs.
    """

    def __init__(self, passages: Sequence[Hit]) -> None:
        self._chunks = {hit.chunk.id: hit.chunk for hit in passages}
        self._quotes: dict[str, list[str]] = {}
        """By chunk, in the order of first use: the position is the number."""
        self._addresses: dict[str, frozenset[str]] = {}
        self._lines: list[str] = []

    def add(self, statement: Statement) -> str:
        """What the text goes on with; nothing when no passage supports the statement."""
        chunk = _support(statement, self._chunks)
        if chunk is None:
            return ""
        self._quotes.setdefault(chunk.id, []).append(statement.quote)
        text, marker = unmarked(statement.text).strip(), f"[{self._number(chunk.id)}]"
        line = f"{text} {marker}"
        if not plain(text):
            line = gated(line, sources=len(self._quotes), allowed_urls=self._allowed(chunk))
        self._lines.append(line)
        return line if len(self._lines) == 1 else f"\n\n{line}"

    def cited(self) -> Cited:
        """The text so far with its footnotes."""
        return Cited(
            text="\n\n".join(self._lines),
            citations=tuple(
                citation(self._number(chunk_id), self._chunks[chunk_id], JOINT.join(dict.fromkeys(quotes)))
                for chunk_id, quotes in self._quotes.items()
            ),
        )

    def _allowed(self, chunk: Chunk) -> frozenset[str]:
        if chunk.id not in self._addresses:
            self._addresses[chunk.id] = addresses(chunk.text)
        return self._addresses[chunk.id]

    def _number(self, chunk_id: str) -> int:
        return list(self._quotes).index(chunk_id) + 1


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


def _support(statement: Statement, chunks: Mapping[str, Chunk]) -> Chunk | None:
    """The first claimed passage that was given and holds the whole quote."""
    pieces = [piece for piece in statement.quote.split(JOINT) if piece.strip()]
    given = (chunks[chunk_id] for chunk_id in statement.chunk_ids if chunk_id in chunks)
    return next((chunk for chunk in given if pieces and all(piece in chunk.text for piece in pieces)), None)
