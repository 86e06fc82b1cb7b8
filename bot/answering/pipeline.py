"""From a question to a cited answer: the steps in order, on one screen."""

from collections.abc import Callable, Generator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from bot.answering.cite import Cited, Citing, citation
from bot.answering.generate import generate
from bot.answering.language import ask_again, foreign
from bot.answering.rerank import rerank
from bot.answering.retrieve import CANDIDATES, compose, retrieve
from bot.answering.rewrite import rewrite
from bot.conversations import Turn
from bot.models import Answer, Audience, Citation, Confidence, Hit, Query, Ranking, ScoredPassage
from bot.ports import generation
from bot.ports.generation import Rewriter, Rewritten
from bot.ports.search import Embedder, Reranker, SearchIndex

PASSAGES = 8
"""Passages the generator reads."""

ALONE = 0.6
"""Confidence from which a question in a conversation is answered as it stands, with nothing lent by earlier turns: so a
new topic stays free of the old one. Chosen on mtrag_clapnq and mtrag_fiqa, where it changes nothing (nDCG@10 +.001 and
+.003); on 18f follow-ups it costs .007 of MRR."""

SURE = 0.65
"""Confidence from which a question is answered that nobody put to us. On the 18f questions and the suite's own that is
30 % and 24 % of those that the documents answer, and 1 of the 27 that they do not; from .75 on hardly any is left."""

CLOSEST = 2
"""Passages named when the documents do not say."""

HEDGE = "This may answer it:"
NOT_IN_THE_DOCS = "The docs don't say."
NOT_FOR_EVERYONE_HERE = "The docs that everyone here can read don't say."


class Listener(Protocol):
    """Hears how an answer comes along; a `Reply` is one."""

    def step(self, words: str) -> None:
        """What is being done now."""
        ...

    def say(self, piece: str) -> None:
        """The next piece of the answer's text, exactly as it goes on."""
        ...


class Nobody:
    """Hears nothing."""

    def step(self, words: str) -> None:
        """Pass."""

    def say(self, piece: str) -> None:
        """Pass."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a question is to be answered: from which sources (none: all), at what length, and how sure at least.

    `sure` is the confidence below which nothing is said; None is the reranker's own floor.
    """

    within: frozenset[str] = frozenset()
    brief: bool = False
    sure: float | None = None


PLAINLY = Asking()


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was understood, and the passages found for it, best first."""

    rewritten: Rewritten
    query: Query
    ranking: Ranking
    reranked: bool


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """An answer with the passages it was made from, best first."""

    answer: Answer
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps from a question to a cited answer over whatever stands behind the ports."""

    rewriter: Rewriter
    embedder: Embedder
    index: SearchIndex
    reranker: Reranker
    generator: generation.Generator
    clock: Callable[[], float]
    index_name: str = "local"

    async def find(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        audience: Audience,
        limit: int,
        within: frozenset[str] = frozenset(),
        timings: "Timings | None" = None,
    ) -> Found:
        """The best `limit` passages that all of `audience` may read, best first. Raises as the index does."""
        timings = timings or Timings(self.clock)
        place = _Place(audience, within, limit)
        with timings.step("rewrite"):
            rewritten = await rewrite(question, history, rewriter=self.rewriter)
        if rewritten.lent:
            alone = await self._looked(Rewritten(text=question), place, timings)
            if alone.reranked and alone.ranking.confidence >= ALONE:
                return alone
        return await self._looked(rewritten, place, timings)

    async def _looked(self, rewritten: Rewritten, place: "_Place", timings: "Timings") -> Found:
        limit = place.limit
        with timings.step("embed"):
            query = await compose(rewritten, embedder=self.embedder)
        with timings.step("search"):
            hits = await retrieve(
                query, index=self.index, visible_to=place.audience, limit=max(limit, CANDIDATES), within=place.within
            )
        with timings.step("rerank"):
            ranking, reranked = await rerank(query, hits, reranker=self.reranker, limit=limit)
        return Found(rewritten=rewritten, query=query, ranking=ranking, reranked=reranked)

    async def answer(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        audience: Audience,
        asking: Asking = PLAINLY,
        listener: Listener | None = None,
    ) -> Answered:
        """A finished, gated answer; `listener` hears its text while it is made.

        Raises `Unavailable` or `NothingIndexed` when there is nothing to answer from.
        """
        timings, listener = Timings(self.clock), listener or Nobody()
        with timings.step("total"):
            language = foreign(question)
            if language is not None:
                return Answered(self._untold(question, ask_again(language)), hits=())
            found = await self.find(
                question, history, audience=audience, limit=PASSAGES, within=asking.within, timings=timings
            )
            cited = await self._written(found, asking, timings, listener)
        return Answered(self._assembled(question, found, cited, audience, timings), hits=found.ranking.hits)

    async def _written(self, found: Found, asking: Asking, timings: "Timings", listener: Listener) -> Cited:
        floor = self.reranker.floors.decline if asking.sure is None else asking.sure
        if found.reranked and found.ranking.confidence < floor:
            return Cited(text="", citations=())
        count = len(found.ranking.hits)
        listener.step(f"Reading {count} passage{'' if count == 1 else 's'}…")
        citing = Citing(found.ranking.hits)
        opening = "" if self._confidence(found) == "high" else f"{HEDGE}\n"
        with timings.step("generate"):
            async with aclosing(generate(found.query, found.ranking.hits, generator=self.generator)) as statements:
                async for statement in statements:
                    piece = citing.add(statement)
                    if not piece:
                        continue
                    listener.say(f"{opening}{piece}")
                    opening = ""
                    if asking.brief:
                        break
        return citing.cited()

    def _assembled(self, question: str, found: Found, cited: Cited, audience: Audience, timings: "Timings") -> Answer:
        answered = bool(cited.citations)
        confidence = self._confidence(found) if answered else "low"
        return Answer(
            question=question,
            standalone_query=found.rewritten.text,
            text=_worded(cited, confidence, audience),
            answered=answered,
            confidence=confidence,
            citations=cited.citations,
            closest=() if answered else _closest(found.ranking.hits),
            passages=_scored(found.ranking.hits, cited.citations),
            timings_ms=timings.milliseconds,
            backends=self.backends(reranked=found.reranked),
            rewritten=found.rewritten.changed,
        )

    def _confidence(self, found: Found) -> Confidence:
        return "high" if found.reranked and found.ranking.confidence >= self.reranker.floors.plain else "low"

    def _untold(self, question: str, text: str) -> Answer:
        return Answer(
            question=question, standalone_query=question, text=text, answered=False, confidence="low", citations=(),
            backends=self.backends(),
        )  # fmt: skip

    def backends(self, *, reranked: bool = True) -> dict[str, str]:
        """What stands behind each port, by name."""
        return {
            "embedder": self.embedder.model,
            "index": self.index_name,
            "reranker": self.reranker.name if reranked else "none (fused order)",
            "generator": self.generator.name,
            "rewriter": self.rewriter.name,
        }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where is looked, for whom, and how much is kept."""

    audience: Audience
    within: frozenset[str]
    limit: int


@dataclass(slots=True)
class Timings:
    """How long each step took in all, in milliseconds."""

    clock: Callable[[], float]
    milliseconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Measure what happens inside, also when it fails."""
        start = self.clock()
        try:
            yield
        finally:
            spent = (self.clock() - start) * 1000
            self.milliseconds[name] = round(self.milliseconds.get(name, 0.0) + spent, 1)


def _worded(cited: Cited, confidence: Confidence, audience: Audience) -> str:
    if not cited.citations:
        return NOT_IN_THE_DOCS if len(audience.readers) == 1 else NOT_FOR_EVERYONE_HERE
    return cited.text if confidence == "high" else f"{HEDGE}\n{cited.text}"


def _closest(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    places = {hit.chunk.place: hit.chunk for hit in reversed(hits)}
    nearest = list(reversed(places.values()))[:CLOSEST]
    return tuple(citation(n, chunk, "") for n, chunk in enumerate(nearest, 1))


def _scored(hits: Sequence[Hit], citations: Sequence[Citation]) -> tuple[ScoredPassage, ...]:
    cited = {c.chunk_id for c in citations}
    return tuple(
        ScoredPassage(h.chunk.id, h.chunk.revision, h.score, h.bm25, h.cosine, used=h.chunk.id in cited) for h in hits
    )
