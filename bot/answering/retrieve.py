"""Hybrid candidates, always filtered by audience: the only place that searches."""

from collections.abc import Sequence

from bot.errors import Unavailable
from bot.models import Audience, Hit, Lent, Query, Vector
from bot.ports.generation import Rewritten
from bot.ports.search import Embedder, SearchIndex

CANDIDATES = 100
"""Fused candidates handed to the reranker."""


async def compose(rewritten: Rewritten, *, embedder: Embedder) -> Query:
    """Words and vector of a standalone query; without a vector when the embedder is down, so that words still find."""
    text = rewritten.searched or rewritten.text
    try:
        vectors = await embedder.embed_queries([text, *(lent.text for lent in rewritten.lent)])
    except Unavailable:
        return Query(text=text, vector=None, lent=rewritten.lent)
    return Query(text=text, vector=_mixed(list(vectors), rewritten.lent), lent=rewritten.lent)


def _mixed(vectors: Sequence[Vector], lent: Sequence[Lent]) -> Vector:
    import numpy as np  # noqa: PLC0415  (kept out of the start of every command)

    mixed = np.array(vectors[0], dtype=np.float32)
    for vector, part in zip(vectors[1:], lent, strict=True):
        mixed += np.float32(part.weight) * vector
    return mixed / max(float(np.linalg.norm(mixed)), 1e-12)


async def retrieve(
    query: Query,
    *,
    index: SearchIndex,
    visible_to: Audience,
    limit: int = CANDIDATES,
    within: frozenset[str] = frozenset(),
) -> Sequence[Hit]:
    """At most `limit` candidates, best first, each readable by every reader, of the sources `within` if any are named.

    Raises as the index does.
    """
    return await index.search(query, visible_to=visible_to, limit=limit, within=within)
