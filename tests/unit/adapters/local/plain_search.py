"""Hybrid search a second time, as its definition reads, over documents in a dict: what the index must answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import log

from bot.adapters.local.fusion import Tuning
from bot.models import Audience, Chunk, Document, Embedding, Query, Vector
from bot.words import words
from bot.words.asking import weights

Kept = Mapping[str, tuple[Document, list[Embedding]]]


@dataclass(frozen=True)
class Expected:
    """The scores that a chunk must have."""

    score: float
    bm25: float
    cosine: float


def search(
    kept: Kept, query: Query, audience: Audience, tuning: Tuning, *, within: frozenset[str] = frozenset()
) -> dict[str, Expected]:
    """Every fused candidate by chunk id."""
    everything = [
        (chunk, one.vector)
        for document, made in kept.values()
        for chunk, one in zip(document.chunks, made, strict=True)
    ]
    readable = {
        chunk.id
        for chunk, _ in everything
        if audience.may_read(chunk.readable_by) and (chunk.source in within or not within)
    }
    bm25 = _bm25([chunk for chunk, _ in everything], query, tuning)
    cosines = {chunk.id: _cosine(vector, query.vector) for chunk, vector in everything}
    said = _leg({name: score for name, score in bm25.items() if name in readable and score > 0}, tuning)
    near = _leg(
        {name: score for name, score in cosines.items() if name in readable and query.vector is not None}, tuning
    )
    alpha = 0.0 if query.vector is None else tuning.alpha
    return {
        name: Expected(alpha * near.get(name, 0) + (1 - alpha) * said.get(name, 0), bm25[name], cosines[name])
        for name in near.keys() | said.keys()
    }


def _bm25(chunks: list[Chunk], query: Query, tuning: Tuning) -> dict[str, float]:
    counted = [(chunk.id, Counter(words(chunk.text)), Counter(words(chunk.place))) for chunk in chunks]
    lengths = [text.total() + tuning.place * place.total() for _, text, place in counted]
    mean = sum(lengths) / max(len(lengths), 1)
    found: dict[str, float] = {}
    for (name, text, place), length in zip(counted, lengths, strict=True):
        found[name] = 0.0
        for word, weight in weights(query).items():
            holding = sum(1 for _, a, b in counted if word in a or word in b)
            times = text[word] + tuning.place * place[word]
            rarity = log(1 + (len(chunks) - holding + 0.5) / (holding + 0.5))
            norm = tuning.k1 * (1 - tuning.b + tuning.b * length / mean) if mean else tuning.k1
            found[name] += weight * rarity * times / (times + norm)
    return found


def _cosine(one: Vector, other: Vector | None) -> float:
    return 0.0 if other is None else float(sum(float(a) * float(b) for a, b in zip(one, other, strict=True)))


def _leg(scores: dict[str, float], tuning: Tuning) -> dict[str, float]:
    first = sorted(scores, key=lambda name: (-round(scores[name], 6), name))[: tuning.leg]
    values = [scores[name] for name in first]
    if not values:
        return {}
    low, span = min(values), max(values) - min(values)
    return {name: (scores[name] - low) / span if span > 1e-6 else 1.0 for name in first}
