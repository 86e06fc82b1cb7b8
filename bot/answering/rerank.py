"""Keep the best few passages, and say how sure we are that they answer."""

from collections.abc import Sequence

from bot.errors import Unavailable
from bot.models import Hit, Query, Ranking
from bot.ports.search import Reranker

FUSED_CONFIDENCE = 0.0
"""Without a reranker nobody knows how sure we are: the pipeline hedges the answer."""


async def rerank(query: Query, hits: Sequence[Hit], *, reranker: Reranker, limit: int) -> tuple[Ranking, bool]:
    """The best `limit` hits, and whether the reranker ranked them; the fused order stands in when it is down."""
    if not hits:
        return Ranking(hits=(), confidence=0.0), True
    try:
        return await reranker.rerank(query, hits, limit=limit), True
    except Unavailable:
        return Ranking(hits=tuple(hits[:limit]), confidence=FUSED_CONFIDENCE), False
