"""From a question to a cited answer: the steps in order, on one screen."""

from collections.abc import Callable, Generator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.allowance import Terms, allowing
from bot.answering.cite import Cited, Citing, citation
from bot.answering.generate import generate
from bot.answering.language import ask_again, foreign
from bot.answering.rerank import rerank
from bot.answering.retrieve import CANDIDATES, compose, retrieve
from bot.answering.rewrite import rewrite
from bot.conversations import Turn
from bot.errors import Unavailable
from bot.kill_points import passing
from bot.models import WITHOUT, Answer, Audience, Citation, Confidence, Hit, Query, Ranking, ScoredPassage
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

TRIES = 2
"""How often a generator that breaks off in the middle may write an answer, each time from the start."""

CLOSEST = 2
"""Passages named when the documents do not say."""

FREELY = Terms()
"""What a question may take where nobody says otherwise."""

HEDGE = "This may answer it:"
UNWRITTEN = "I can't write an answer right now. This is what I found:"
NOT_IN_THE_DOCS = "The docs don't say."
NOT_BY_WORDS = "I can only look for your words right now, and they lead to no answer."
NOT_FOR_EVERYONE_HERE = "The docs that everyone here can read don't say."


class Listener(Protocol):
    """Hears how an answer comes along; a `Reply` is one."""

    def step(self, words: str) -> None:
        """What is being done now."""
        ...

    def say(self, piece: str) -> None:
        """The next piece of the answer's text, exactly as it goes on."""
        ...

    def anew(self) -> None:
        """What was said is taken back, because whoever wrote it broke off: the text begins again."""
        ...


class Nobody:
    """Hears nothing."""

    def step(self, words: str) -> None:
        """Pass."""

    def say(self, piece: str) -> None:
        """Pass."""

    def anew(self) -> None:
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
    """The steps from a question to a cited answer over whatever stands behind the ports.

    `spare` quotes passages when `generator` is away; without one, its failure is the answer's. `terms` are what each
    question may take of the backends, `candidates` how many passages are ranked. `english_only` says that the embedder
    understands no other language.
    """

    rewriter: Rewriter
    embedder: Embedder
    index: SearchIndex
    reranker: Reranker
    generator: generation.Generator
    clock: Callable[[], float]
    index_name: str = "local"
    spare: generation.Generator | None = None
    terms: Terms = FREELY
    candidates: int = CANDIDATES
    english_only: bool = True

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
            most = max(limit, self.candidates)
            hits = await retrieve(query, index=self.index, visible_to=place.audience, limit=most, within=place.within)
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
        with timings.step("total"), allowing(self.terms) as allowance:
            language = foreign(question) if self.english_only else None
            if language is not None:
                return Answered(self._untold(question, ask_again(language)), hits=())
            found = await self.find(
                question, history, audience=audience, limit=PASSAGES, within=asking.within, timings=timings
            )
            passing("retrieved")
            written = await self._written(found, asking, timings, listener)
        answer = self._assembled(question, found, written, audience)
        counted = replace(answer, timings_ms=timings.milliseconds, cost=allowance.dollars)
        return Answered(counted, hits=found.ranking.hits)

    async def _written(self, found: Found, asking: Asking, timings: "Timings", listener: Listener) -> "_Written":
        """The answer by the generator; when it breaks off, once more from the start, then quoted by the spare one."""
        floor = self.reranker.floors.decline if asking.sure is None else asking.sure
        if found.reranked and found.ranking.confidence < floor:
            return _Written(Cited(text="", citations=()), "", self.generator.name)
        count = len(found.ranking.hits)
        listener.step(f"Reading {count} passage{'' if count == 1 else 's'}…")
        opening = "" if self._confidence(found) == "high" else f"{HEDGE}\n"
        with timings.step("generate"):
            for _ in range(TRIES):
                writing = _Writing(found, asking, listener, opening)
                try:
                    return await writing.by(self.generator)
                except Unavailable:
                    if self.spare is None:
                        raise
                    if not writing.said:
                        break
                    listener.anew()
            return await _Writing(found, asking, listener, f"{UNWRITTEN}\n").by(self.spare or self.generator)

    def _assembled(self, question: str, found: Found, written: "_Written", audience: Audience) -> Answer:
        cited = written.cited
        answered = bool(cited.citations)
        confidence = self._confidence(found) if answered else "low"
        return Answer(
            question=question,
            standalone_query=found.rewritten.text,
            text=_worded(written, audience, embedded=found.query.vector is not None),
            answered=answered,
            confidence=confidence,
            citations=cited.citations,
            closest=() if answered else _closest(found.ranking.hits),
            passages=_scored(found.ranking.hits, cited.citations),
            backends={**self.backends(found), "generator": written.by},
            rewritten=found.rewritten.changed,
            unwritten=written.by != self.generator.name,
        )

    def _confidence(self, found: Found) -> Confidence:
        return "high" if found.reranked and found.ranking.confidence >= self.reranker.floors.plain else "low"

    def _untold(self, question: str, text: str) -> Answer:
        return Answer(
            question=question, standalone_query=question, text=text, answered=False, confidence="low", citations=(),
            backends=self.backends(),
        )  # fmt: skip

    def backends(self, found: Found | None = None) -> dict[str, str]:
        """What stands behind each port, by name; and where one of them did without for what was found."""
        embedded, reranked = (found.query.vector is not None, found.reranked) if found else (True, True)
        return {
            "embedder": self.embedder.model if embedded else WITHOUT["embedder"],
            "index": self.index_name,
            "reranker": self.reranker.name if reranked else WITHOUT["reranker"],
            "generator": self.generator.name,
            "rewriter": self.rewriter.name,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """What was written, what stands above it, and who wrote it."""

    cited: Cited
    opening: str
    by: str


@dataclass(slots=True)
class _Writing:
    """One try to write an answer, heard by the listener as it goes on."""

    found: Found
    asking: Asking
    listener: Listener
    opening: str
    said: bool = False

    async def by(self, generator: generation.Generator) -> _Written:
        """All that the generator writes and a passage supports. Raises `Unavailable` when it breaks off."""
        hits = self.found.ranking.hits
        citing = Citing(hits)
        async with aclosing(generate(self.found.query, hits, generator=generator)) as statements:
            async for statement in statements:
                piece = citing.add(statement)
                if not piece:
                    continue
                self.listener.say(piece if self.said else f"{self.opening}{piece}")
                self.said = True
                if self.asking.brief:
                    break
        return _Written(citing.cited(), self.opening, generator.name)


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


def _worded(written: _Written, audience: Audience, *, embedded: bool) -> str:
    if not written.cited.citations and not embedded:
        return NOT_BY_WORDS
    if not written.cited.citations:
        return NOT_IN_THE_DOCS if len(audience.readers) == 1 else NOT_FOR_EVERYONE_HERE
    return f"{written.opening}{written.cited.text}"


def _closest(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    places = {hit.chunk.place: hit.chunk for hit in reversed(hits)}
    nearest = list(reversed(places.values()))[:CLOSEST]
    return tuple(citation(n, chunk, "") for n, chunk in enumerate(nearest, 1))


def _scored(hits: Sequence[Hit], citations: Sequence[Citation]) -> tuple[ScoredPassage, ...]:
    cited = {c.chunk_id for c in citations}
    return tuple(
        ScoredPassage(h.chunk.id, h.chunk.revision, h.score, h.bm25, h.cosine, used=h.chunk.id in cited) for h in hits
    )
