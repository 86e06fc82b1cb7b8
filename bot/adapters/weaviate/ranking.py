"""The ranking: one hybrid query, with the raw score of each leg read from what the server says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from weaviate.classes.query import FilterReturn, HybridFusion, MetadataQuery

from bot.adapters.weaviate.client import Collection
from bot.adapters.weaviate.objects import chunk_of
from bot.adapters.weaviate.schema import VECTOR
from bot.models import Chunk, Query
from bot.words.asking import weights

LEG: Final = 100
"""Hits of each kind that are fused: what a server fuses as long as nobody asks for more hits than that."""
ALPHA: Final = 0.5
"""The cosine's share of a fused score."""
MOST_WORDS: Final = 256
"""Different words of a query that are looked up, as in the local index."""
FINEST: Final = 64
"""How often a word of weight 1 is said at most; one that counts half as much is said half as often."""
CLOSE: Final = 0.005
"""How far a word's weight may be from what is said; between two that are as close, the shorter is said."""
SPARE: Final = 3
"""Hits that are asked for beyond those that are wanted, in case the last of these has equals."""
LEVEL: Final = 0.9
"""Share of what is found that a level leg must be at least."""
NEAR: Final = 1e-6
"""Scores that differ by less are equal: the server's have seven digits."""
MOST_TIED: Final = 1_600
"""Hits of equal score that are looked through for those with the lowest ids."""
_RAW: Final = re.compile(r"Result Set (keyword|vector)\b[^)]*\) Document [0-9a-f-]+: original score ([-+.\dEe]+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks: words (each `share` times at full weight), a vector, and who may read what is found."""

    words: str
    share: int
    vector: list[float] | None
    filters: FilterReturn
    properties: list[str]

    @classmethod
    def of(cls, query: Query, *, filters: FilterReturn, properties: Sequence[str]) -> Asked:
        """A query as the server understands it."""
        said, share = spelled(dict(islice(weights(query).items(), MOST_WORDS)))
        vector = None if query.vector is None else query.vector.tolist()
        return cls(said, share, vector, filters, list(properties))


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk in one of its versions, with its scores; a leg that missed it says None."""

    chunk: Chunk
    version: str
    properties: Mapping[str, Any]
    score: float
    bm25: float | None = None
    cosine: float | None = None

    @classmethod
    def of(cls, one: Any, score: float, bm25: float | None = None, cosine: float | None = None) -> Found:
        """What the client gives."""
        properties: Mapping[str, Any] = one.properties
        return cls(chunk_of(properties), properties["version"], properties, score, bm25, cosine)

    @property
    def order(self) -> tuple[float, str]:
        """Best first, ties by chunk id."""
        return (-self.score, self.chunk.id)

    @property
    def name(self) -> tuple[str, str]:
        """What no other object has."""
        return (self.chunk.id, self.version)


def spelled(weighed: Mapping[str, float]) -> tuple[str, int]:
    """Words, each said as often as it counts, since so often the server counts it; and how often one of weight 1 is."""
    share = min(range(1, FINEST + 1), key=lambda share: (max(_error(weighed.values(), share), CLOSE), share))
    said = (word for word, weight in weighed.items() for _ in range(max(1, round(weight * share))))
    return " ".join(said), share


def _error(values: Iterable[float], share: int) -> float:
    return max((abs(value * share - round(value * share)) / share for value in values), default=0.0)


async def ranked(part: Collection, asked: Asked, *, limit: int) -> list[Found]:
    """The best, best first, ties by chunk id: `limit` of them and what came along."""
    if asked.vector is None and not asked.words:
        return []
    first = min(limit + SPARE, LEG)
    found = await _hybrid(part, asked, first, 0)
    if len(found) == first and (limit > LEG or _is_tied(found, limit)):
        found += await _hybrid(part, asked, LEG, first)
    if _is_level(found, first):
        found = await _exactly(part, asked)
    return sorted(found, key=lambda one: one.order)


async def _hybrid(part: Collection, asked: Asked, limit: int, offset: int) -> list[Found]:
    reply = await part.query.hybrid(
        asked.words,
        alpha=0.0 if asked.vector is None else ALPHA,
        vector=asked.vector,
        target_vector=None if asked.vector is None else VECTOR,
        query_properties=["words"],
        fusion_type=HybridFusion.RELATIVE_SCORE,
        limit=limit,
        offset=offset,
        filters=asked.filters,
        return_metadata=MetadataQuery(score=True, explain_score=True),
        return_properties=asked.properties,
    )
    return [_found(one, asked) for one in reply.objects]


def _found(one: Any, asked: Asked) -> Found:
    raw = {leg: float(score) for leg, score in _RAW.findall(one.metadata.explain_score or "")}
    bm25 = raw.get("keyword")
    return Found.of(one, one.metadata.score or 0.0, None if bm25 is None else bm25 / asked.share, raw.get("vector"))


# --- ties -------------------------------------------------------------------------------------------------------------


def _is_tied(found: Sequence[Found], limit: int) -> bool:
    """Whether the last hit is as good as what may come after all that was found."""
    return limit < len(found) and found[limit - 1].score - found[-1].score < NEAR


def _is_level(found: Sequence[Found], first: int) -> bool:
    """Whether a leg may have more hits of one and the same score than it has places: then it is chance who is in it.

    At the end of other legs chance does no harm: the last of a leg counts as much as what the leg missed, nothing. And
    all hits of a level leg count as much as its best, so that they are nearly all that is found.
    """
    if len(found) < min(first, LEG):
        return False
    legs = ([one.bm25 for one in found], [one.cosine for one in found])
    scores = [[score for score in leg if score is not None] for leg in legs]
    return any(len(leg) > LEVEL * min(len(found), LEG) and max(leg) - min(leg) < NEAR for leg in scores)


async def _exactly(part: Collection, asked: Asked) -> list[Found]:
    """The same ranking from the two legs on their own, each asked until its end is clear."""
    said, near = await _first(part, asked, _by_words), await _first(part, asked, _by_vector)
    alpha = 0.0 if asked.vector is None else ALPHA
    by_words, by_vector = _scaled(said), _scaled(near)
    return [
        replace(
            one,
            score=(1 - alpha) * by_words.get(name, 0.0) + alpha * by_vector.get(name, 0.0),
            bm25=said[name].score / asked.share if name in said else None,
            cosine=near[name].score if name in near else None,
        )
        for name, one in (said | near).items()
    ]


Scores = dict[tuple[str, str], Found]
"""The hits of one leg by name."""
Leg = Callable[[Collection, Asked, int], Coroutine[Any, Any, list[Found]]]


async def _first(part: Collection, asked: Asked, leg: Leg) -> Scores:
    """The best hundred of a leg by falling score and rising id."""
    wanted = LEG + 1
    while True:
        found = await leg(part, asked, wanted)
        if len(found) < wanted or found[LEG - 1].score - found[-1].score >= NEAR or wanted >= MOST_TIED:
            break
        wanted *= 4
    return {one.name: one for one in sorted(found, key=lambda one: one.order)[:LEG]}


async def _by_words(part: Collection, asked: Asked, limit: int) -> list[Found]:
    if not asked.words:
        return []
    reply = await part.query.bm25(
        asked.words,
        query_properties=["words"],
        limit=limit,
        filters=asked.filters,
        return_metadata=MetadataQuery(score=True),
        return_properties=asked.properties,
    )
    return [Found.of(one, one.metadata.score or 0.0) for one in reply.objects]


async def _by_vector(part: Collection, asked: Asked, limit: int) -> list[Found]:
    if asked.vector is None:
        return []
    reply = await part.query.near_vector(
        asked.vector,
        target_vector=VECTOR,
        limit=limit,
        filters=asked.filters,
        return_metadata=MetadataQuery(distance=True),
        return_properties=asked.properties,
    )
    return [Found.of(one, 1.0 - (one.metadata.distance or 0.0)) for one in reply.objects]


def _scaled(leg: Scores) -> dict[tuple[str, str], float]:
    """From 0, the lowest score of a leg, to 1, the highest; 1 when all are equal."""
    if not leg:
        return {}
    low, high = (of(one.score for one in leg.values()) for of in (min, max))
    return {name: (one.score - low) / (high - low) if high > low else 1.0 for name, one in leg.items()}
