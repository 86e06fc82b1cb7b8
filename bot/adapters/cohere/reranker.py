"""The Reranker port over Cohere: scores, and with version 5 the places that earned them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Final

from cohere import RerankRelevantSpans, V2RerankResponse, V2RerankResponseResultsItem

from bot.adapters.cohere.client import CohereClient
from bot.adapters.cohere.passages import Sent, passage
from bot.adapters.cohere.refusals import reading
from bot.models import Hit, Query, Ranking
from bot.ports.search import Floors
from bot.words.sendable import sendable

FLOORS: Final = Floors(decline=0.2, plain=0.5)
"""Not measured: version 5 calls its scores calibrated, and nobody has judged them on documents here. What
`footnote evaluate` says of an installation's own questions is better; other versions are not calibrated at all."""
SECONDS: Final = 2.5
"""A ranking that takes longer is not waited for: the fused order stands in for it."""
LONGEST: Final = 8_000
LONGEST_QUERY: Final = 2_000
"""Characters of a passage and of a question that are sent."""
SPAN_SCORE: Final = 0.1
SPANS: Final = 3
MARGIN: Final = 8
"""Results that are asked for beyond the limit, so that equal scores at its edge are settled here, by chunk id."""

_WITH_SPANS = re.compile(r"rerank-v(?:[5-9]|\d\d)\.")


class CohereReranker:
    """Ranks by `model`; equal scores by chunk id. `spans` says whether the model tells them, None: by its name."""

    def __init__(
        self,
        client: CohereClient,
        *,
        model: str,
        floors: Floors = FLOORS,
        seconds: float = SECONDS,
        spans: bool | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._floors = floors
        self._seconds = seconds
        self._spans = bool(_WITH_SPANS.match(model)) if spans is None else spans

    @property
    def name(self) -> str:
        """What *Why this answer?* calls it."""
        return f"cohere {self._model}"

    @property
    def floors(self) -> Floors:
        """Where this reranker's confidence means a decline, and where it means a plain answer."""
        return self._floors

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        """The best `limit` of `hits`, best first, with the model's score in each; the best one's is the confidence.

        Raises `Unavailable` when Cohere cannot be reached, or leaves out what it should rank.
        """
        if not hits or limit < 1:
            return Ranking(hits=(), confidence=0.0)
        sent = [passage(hit.chunk, most=LONGEST) for hit in hits]
        wanted = min(len(hits), limit + MARGIN)
        reply = await self._reply(query, sent, wanted)
        with reading(self._what):
            self._client.used(self._model, "rerank", reply.meta.billed_units if reply.meta else None)
            scored = _scored(reply, hits, sent, wanted)
        ranked = sorted(scored, key=lambda hit: (-hit.score, hit.chunk.id))
        return Ranking(hits=tuple(ranked[:limit]), confidence=ranked[0].score)

    async def _reply(self, query: Query, sent: Sequence[Sent], wanted: int) -> V2RerankResponse:
        documents, text = [one.yaml for one in sent], sendable(query.text, most=LONGEST_QUERY)
        async with self._client.calling(self._what, most=self._seconds):
            if not self._spans:
                return await self._client.sdk.rerank(model=self._model, query=text, documents=documents, top_n=wanted)
            return await self._client.sdk.rerank(
                model=self._model,
                query=text,
                documents=documents,
                top_n=wanted,
                relevant_spans=RerankRelevantSpans(mode="enabled", threshold=SPAN_SCORE, max_spans=SPANS),
            )

    @property
    def _what(self) -> str:
        return f"rerank with {self._model}"


def _scored(reply: V2RerankResponse, hits: Sequence[Hit], sent: Sequence[Sent], wanted: int) -> list[Hit]:
    """The `wanted` best hits with score and spans. Raises `ValueError` unless so many have exactly one result."""
    results = {result.index: result for result in reply.results}
    if not len(reply.results) == len(results) == wanted or not results.keys() <= set(range(len(hits))):
        raise ValueError("not every passage is ranked once")
    return [
        replace(hits[row], score=_score(result), spans=_spans(result, sent[row])) for row, result in results.items()
    ]


def _score(result: V2RerankResponseResultsItem) -> float:
    score = float(result.relevance_score)
    if not isfinite(score):
        raise ValueError("a score is no number")
    return min(1.0, max(0.0, score))


def _spans(result: V2RerankResponseResultsItem, sent: Sent) -> tuple[tuple[int, int], ...]:
    """The places in the chunk's text, best first; what lies in its title or its section is no place of it."""
    told = [sent.back(span.start, span.end) for span in (result.relevant_spans or ())[:SPANS]]
    return tuple(dict.fromkeys(span for span in told if span is not None))
