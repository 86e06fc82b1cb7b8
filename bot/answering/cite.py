"""Statements to cited sentences: an unsupported one goes, a citation numbers a chunk by first use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.gate import addresses, gated, unmarked
from bot.models import Chunk, Citation, Hit, Statement

JOINT = " … "
"""What stands between two pieces of one quote."""


@dataclass(frozen=True, slots=True)
class Cited:
    """Gated text with `[n]` markers, and the citations in the order of their numbers."""

    text: str
    citations: tuple[Citation, ...]


def cite(statements: Iterable[Statement], passages: Sequence[Hit]) -> Cited:
    """Keep the statements that a given passage supports, number them, and pass the text through the gate.

    A statement is supported when it names a passage that was given and each piece of its quote stands in that passage
    word for word.
    """
    chunks = {hit.chunk.id: hit.chunk for hit in passages}
    supported = [(statement, chunk) for statement in statements if (chunk := _support(statement, chunks)) is not None]
    numbers = {chunk.id: n for n, chunk in enumerate(_distinct(chunk for _, chunk in supported), 1)}
    lines = [f"{unmarked(statement.text).strip()} [{numbers[chunk.id]}]" for statement, chunk in supported]
    used = [chunks[chunk_id] for chunk_id in numbers]
    return Cited(
        text=gated(
            "\n\n".join(lines),
            sources=len(numbers),
            allowed_urls={url for chunk in used for url in addresses(chunk.text)},
        ),
        citations=tuple(citation(n, chunks[chunk_id], _quotes(chunk_id, supported)) for chunk_id, n in numbers.items()),
    )


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


def _quotes(chunk_id: str, supported: Sequence[tuple[Statement, Chunk]]) -> str:
    return JOINT.join(dict.fromkeys(statement.quote for statement, chunk in supported if chunk.id == chunk_id))


def _distinct(chunks: Iterable[Chunk]) -> list[Chunk]:
    return list({chunk.id: chunk for chunk in chunks}.values())
