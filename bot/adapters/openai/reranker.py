"""The Reranker port over the /rerank that vLLM, llama.cpp, Jina and Text Embeddings Inference share, nearly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import exp, isfinite
from typing import Any, Final, cast
from urllib.parse import urlsplit

from openai import NotFoundError, UnprocessableEntityError

from bot.adapters.openai.client import OpenAIClient
from bot.models import Hit, Query, Ranking
from bot.ports.search import Floors
from bot.together import together
from bot.words.sendable import sendable

FLOORS: Final = Floors(decline=0.1, plain=0.5)
"""Not measured: every model's scores mean something else. What `footnote evaluate` says of an installation's own
questions is better."""
SECONDS: Final = 5.0
BATCH: Final = 32
"""Passages in one call: what Text Embeddings Inference takes at most unless it is told otherwise."""
LONGEST: Final = 6_000
LONGEST_QUERY: Final = 2_000
"""Characters of a passage and of a question that are sent."""
PATH: Final = "/rerank"
OVERFLOW: Final = 700.0
"""From here on e to this power is no float any more."""


class OpenAIReranker:
    """Ranks by `model`; equal scores by chunk id.

    `url` is where the server takes passages. Without one it is `/rerank` below the client's address, and where that is
    not known, below its host. Two shapes are spoken: Jina's, which vLLM and llama.cpp have too, and, once a server has
    refused that as unprocessable, that of Text Embeddings Inference. Which one it was is remembered.
    """

    def __init__(
        self,
        client: OpenAIClient,
        *,
        model: str,
        url: str = "",
        floors: Floors = FLOORS,
        seconds: float = SECONDS,
        batch: int = BATCH,
    ) -> None:
        self._client = client
        self._model = model
        self._urls = _urls(client.address, url)
        self._floors = floors
        self._seconds = seconds
        self._batch = max(1, batch)
        self._texts = False
        """Whether the server wants `texts` instead of `documents`."""
        self._logits = False
        """Whether a score has been seen that is no probability: then none of this model's is."""

    @property
    def name(self) -> str:
        """What *Why this answer?* calls it."""
        return self._model or "reranker"

    @property
    def floors(self) -> Floors:
        """Where this reranker's confidence means a decline, and where it means a plain answer."""
        return self._floors

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        """The best `limit` of `hits`, best first, with the model's score in each; the best one's is the confidence.

        Raises `Unavailable` when the server cannot be reached, or does not rank every one of them.
        """
        if not hits or limit < 1:
            return Ranking(hits=(), confidence=0.0)
        texts = [sendable(hit.chunk.placed, most=LONGEST) for hit in hits]
        asked = sendable(query.text, most=LONGEST_QUERY)
        async with self._client.calling(f"rerank with {self._model}", most=self._seconds):
            scores = await self._scores(asked, texts)
        self._logits = self._logits or any(not 0 <= score <= 1 for score in scores)
        if self._logits:
            scores = [_probability(score) for score in scores]
        scored = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        ranked = sorted(scored, key=lambda hit: (-hit.score, hit.chunk.id))
        return Ranking(hits=tuple(ranked[:limit]), confidence=ranked[0].score)

    async def _scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, in their order. The first part alone finds out what the server takes."""
        parts = [texts[start : start + self._batch] for start in range(0, len(texts), self._batch)]
        first = await self._part(query, parts[0])
        rest = await together([self._part(query, part) for part in parts[1:]])
        return [score for part in (first, *rest) for score in part]

    async def _part(self, query: str, texts: Sequence[str]) -> list[float]:
        reply: Any
        try:
            reply = await self._ask(query, texts)
        except UnprocessableEntityError:
            if self._texts:
                raise
            self._texts = True
            try:
                reply = await self._ask(query, texts)
            except UnprocessableEntityError:
                self._texts = False
                raise
        results, usage = _parts(reply)
        self._client.used(self._model, "rerank", usage)
        return _read(results, len(texts))

    async def _ask(self, query: str, texts: Sequence[str]) -> Any:
        if self._texts:
            body: dict[str, Any] = {"query": query, "texts": list(texts), "truncate": True}
        else:
            body = {"query": query, "documents": list(texts), "top_n": len(texts), "return_documents": False}
            body |= {"model": self._model} if self._model else {}
        try:
            return await self._client.sdk.post(self._urls[0], cast_to=object, body=body)
        except NotFoundError:
            if len(self._urls) == 1:
                raise
            reply = await self._client.sdk.post(self._urls[1], cast_to=object, body=body)
            self._urls = self._urls[1:]
            return reply


def _urls(address: str, url: str) -> tuple[str, ...]:
    if url:
        return (url.rstrip("/") if urlsplit(url).path.strip("/") else url.rstrip("/") + PATH,)
    parts = urlsplit(address)
    below_host = f"{parts.scheme}://{parts.netloc}{PATH}"
    return tuple(dict.fromkeys((address + PATH, below_host)))


def _parts(reply: Any) -> tuple[Sequence[Mapping[str, Any]], object]:
    """The results, whichever shape they come in, and what they took. Raises `AttributeError` for another reply."""
    if isinstance(reply, list):
        return cast("Sequence[Mapping[str, Any]]", reply), None
    return reply.get("results", reply.get("data")), reply.get("usage")


def _read(results: Sequence[Mapping[str, Any]], count: int) -> list[float]:
    """The scores in order. Raises `ValueError` and its like unless each text has exactly one."""
    scores = {one["index"]: float(one.get("relevance_score", one.get("score", ""))) for one in results}
    if len(results) != count or scores.keys() != set(range(count)) or not all(map(isfinite, scores.values())):
        raise ValueError("not every passage is ranked once")
    return [scores[place] for place in range(count)]


def _probability(logit: float) -> float:
    return 1 / (1 + exp(min(-logit, OVERFLOW)))
