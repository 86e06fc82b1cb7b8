"""Fills an index with the passages of a set, each a document of one chunk that everyone may read."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

from bot.evaluation.datasets import passages
from bot.models import Document
from bot.ports.search import Embedder, IndexWriter
from indexing.passages import passage_document

BATCH = 256
SOURCE = "passages"
VERSION = "1"
"""Raised when a passage would be made into another document: then all are embedded again."""

OnPassages = Callable[[int], None]
"""Told how many passages stand in the index."""


async def fill(corpus: Path, *, index: IndexWriter, embedder: Embedder, on_passages: OnPassages) -> int:
    """Bring the index up to date with a corpus; how many passages it holds.

    What stood there unchanged is not embedded again. May be killed and run again.
    """
    known = await index.known(SOURCE)
    present: set[str] = set()
    documents = (passage_document(p.id, p.title, p.text, source=SOURCE) for p in passages(corpus))
    for batch in _batches(documents):
        present.update(document.id for document in batch)
        changed = [d for d in batch if d.id not in known or known[d.id].fingerprint != _fingerprint(d)]
        embeddings = await embedder.embed_chunks([document.chunks[0] for document in changed])
        for document, embedding in zip(changed, embeddings, strict=True):
            await index.upsert(document, [embedding], fingerprint=_fingerprint(document))
        on_passages(len(present))
    await index.delete([document for document in known if document not in present])
    return len(present)


def _batches(documents: Iterator[Document]) -> Iterator[Sequence[Document]]:
    while batch := list(islice(documents, BATCH)):
        yield batch


def _fingerprint(document: Document) -> str:
    chunk = document.chunks[0]
    return f"{VERSION}:{sha256(f'{chunk.title}|{chunk.text}'.encode()).hexdigest()}"
