"""An index is brought up to date with a corpus: every passage once, what did not change untouched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.evaluation import corpus
from bot.models import EVERYONE, Addition, Audience, Chunk, Document, Embedding, Principal
from bot.ports.search import Known
from tests.unit.evaluation.judged import Library, write_lines


@dataclass
class Shelf:
    """The write side of an index, in a dictionary."""

    documents: dict[str, tuple[Document, str]] = field(default_factory=dict[str, tuple[Document, str]])

    async def known(self, source: str) -> Mapping[str, Known]:
        return {
            name: Known(name, document.revision, fingerprint, len(document.chunks))
            for name, (document, fingerprint) in self.documents.items()
            if document.source == source
        }

    async def upsert(self, document: Document, embeddings: Sequence[Embedding], *, fingerprint: str) -> None:
        assert len(embeddings) == len(document.chunks)
        self.documents[document.id] = (document, fingerprint)

    async def upsert_many(self, additions: Sequence[Addition]) -> Mapping[str, str]:
        raise NotImplementedError

    async def touch(
        self, document_id: str, *, fingerprint: str, readable_by: tuple[Principal, ...] | None = None
    ) -> None:
        raise NotImplementedError

    async def delete(self, document_ids: Sequence[str]) -> int:
        return sum(self.documents.pop(document, None) is not None for document in document_ids)


@dataclass
class Counting(Library):
    """An embedder that keeps what it was given."""

    embedded: list[str] = field(default_factory=list[str])

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        self.embedded += [chunk.text for chunk in chunks]
        return await super().embed_chunks(chunks)


async def filled(path: Path, shelf: Shelf, *, told: list[int] | None = None) -> tuple[int, list[str]]:
    embedder = Counting()
    seen = [] if told is None else told
    count = await corpus.fill(path, index=shelf, embedder=embedder, on_passages=seen.append)
    return count, embedder.embedded


def write(path: Path, **texts: str) -> Path:
    write_lines(path, *({"_id": name, "title": f"On {name}", "text": text} for name, text in texts.items()))
    return path


async def test_each_passage_is_a_document_of_one_chunk(tmp_path: Path) -> None:
    """A passage keeps its id, title and text, and everyone may read it."""
    shelf = Shelf()
    told: list[int] = []
    count, _ = await filled(write(tmp_path / "c.jsonl", p1="Lunch is at noon.", p2="Tea is free."), shelf, told=told)
    assert count == 2
    assert told == [2]
    documents = [document for document, _ in shelf.documents.values()]
    assert [(d.path, d.title, [c.text for c in d.chunks]) for d in documents] == [
        ("p1", "On p1", ["Lunch is at noon."]),
        ("p2", "On p2", ["Tea is free."]),
    ]
    assert all(Audience.of([EVERYONE]).may_read(document.readable_by) for document in documents)


async def test_a_second_run_embeds_what_changed(tmp_path: Path) -> None:
    """An unchanged passage is not embedded again, a changed one is, a missing one goes."""
    shelf = Shelf()
    path = write(tmp_path / "c.jsonl", p1="Lunch is at noon.", p2="Tea is free.", p3="Soup costs two euros.")
    await filled(path, shelf)
    assert (await filled(path, shelf)) == (3, [])
    write(path, p1="Lunch is at noon.", p2="Tea costs a euro.")
    assert (await filled(path, shelf)) == (2, ["Tea costs a euro."])
    assert sorted(document.path for document, _ in shelf.documents.values()) == ["p1", "p2"]


async def test_a_large_corpus_is_filled_in_batches(tmp_path: Path) -> None:
    """Progress is told batch by batch, and no passage is lost between two of them."""
    shelf = Shelf()
    told: list[int] = []
    texts = {f"p{n}": f"Passage {n}." for n in range(2 * corpus.BATCH + 1)}
    count, _ = await filled(write(tmp_path / "c.jsonl", **texts), shelf, told=told)
    assert count == len(shelf.documents) == len(texts)
    assert told == [corpus.BATCH, 2 * corpus.BATCH, len(texts)]
