"""Embeddings as bytes, and the keys that they are kept under."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np

from bot.models import Chunk, Embedding, Vector
from bot.ports.search import Embedder

FORMAT = b"1"
"""First byte of every packed embedding; one that begins otherwise was not packed by this version."""
NUMBERS = np.dtype("<f4")
"""As exact as the embedder was: the same text has the same vector, whether it was kept or made."""


def query_key(embedder: Embedder, text: str) -> str:
    """Where the vector of a question is kept: a hash of its words, never the words."""
    return _key(embedder, "query", text)


def chunk_key(embedder: Embedder, chunk: Chunk) -> str:
    """Where the embedding of a chunk is kept: by all that an embedder reads of it, whatever document it stands in."""
    return _key(embedder, "chunk", [chunk.place, chunk.text, chunk.units])


def pack(embedding: Embedding) -> bytes:
    """One byte for the format, one for whether the units have vectors, then the rows."""
    rows = [embedding.vector] if embedding.units is None else [embedding.vector, *embedding.units]
    return FORMAT + (b"0" if embedding.units is None else b"1") + np.stack(rows).astype(NUMBERS).tobytes()


def unpack(packed: bytes | None, dimension: int, *, units: int = 0) -> Embedding | None:
    """What was packed, of so many units where it has them; None for anything else."""
    if packed is None or packed[:1] != FORMAT:
        return None
    pooled = packed[1:2] == b"1"
    count = 1 + (units if pooled else 0)
    if len(packed) != 2 + count * dimension * NUMBERS.itemsize:
        return None
    rows = np.frombuffer(packed, dtype=NUMBERS, offset=2).reshape(count, dimension).astype(np.float32)
    vector: Vector = rows[0]
    return Embedding(vector, rows[1:] if pooled else None)


def _key(embedder: Embedder, kind: str, content: object) -> str:
    digest = sha256(json.dumps(content).encode()).hexdigest()
    return f"{kind}:{embedder.model}:{embedder.dimension}:{digest}"
