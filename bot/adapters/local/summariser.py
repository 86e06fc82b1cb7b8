"""The Summariser port without a language model: the sentences that the rest of a thread is about, word for word."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.adapters.local import talk
from bot.conversations import Said
from bot.models import Matrix, Statement
from bot.ports.search import Embedder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST: Final = 400
"""Sentences that are compared with each other: of a longer thread those that ask or decide, then the newest."""
ALIKE: Final = 0.2
"""A cosine below this says nothing: sentences of one language are never quite unlike."""
DAMPING: Final = 0.15
"""How much of a sentence's weight does not come from sentences like it."""
ROUNDS: Final = 100
SETTLED: Final = 1e-6
SAME: Final = 0.9
"""Two sentences with a higher cosine say the same thing twice."""
FIRST_QUESTION: Final = 1.5
OPENING: Final = 0.8
DECIDES: Final = 0.6
PROMISES: Final = 0.3
LATE: Final = 0.2
"""What is added to a centrality of at most 1: for the first question, for the sentence that the thread begins with, for
one that says what was decided or done, for one that says what will be, and for one of these two the later it stands."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the thread, whose message it is in, and what is added to its centrality."""

    text: str
    message: str
    raised: float


class LexRankSummariser:
    """Quotes the most central sentences of what people said, and those that ask, decide and promise.

    Centrality is that of LexRank (Erkan and Radev 2004), over the embedder's vectors in place of word counts: a
    sentence is central when many are like it, and those are central themselves.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def name(self) -> str:
        """What the summary calls it."""
        return "quotes"

    async def summarise(self, said: Sequence[Said], *, limit: int) -> list[Statement]:
        """At most `limit` sentences of people's messages, in the order of the thread; none of what we said ourselves.

        The same thread gives the same summary. Raises `Unavailable` as the embedder does.
        """
        sentences = _sentences([one for one in said if not one.ours])
        if limit <= 0 or not sentences:
            return []
        vectors = await self._embedder.embed_queries([sentence.text for sentence in sentences])
        chosen = await asyncio.to_thread(_chosen, sentences, vectors, limit)
        return [Statement.quoting(one.message, one.text) for one in (sentences[place] for place in chosen)]


def _sentences(said: Sequence[Said]) -> list[Sentence]:
    """What may be quoted: whole sentences that say something; failing that, whatever is not small talk."""
    everything = [
        (sentence, one.id) for one in said for sentence in talk.sentences(one.text) if not talk.is_small_talk(sentence)
    ]
    quotable = [(text, message) for text, message in everything if talk.is_quotable(text)] or everything
    asked = next((place for place, (text, _) in enumerate(quotable) if talk.asks(text)), None)
    found = [
        Sentence(text, message, _raised(text, place, asked=asked, of=len(quotable)))
        for place, (text, message) in enumerate(quotable)
    ]
    if len(found) <= MOST:
        return found
    kept = sorted(range(len(found)), key=lambda place: (found[place].raised, place), reverse=True)[:MOST]
    return [found[place] for place in sorted(kept)]


def _raised(text: str, place: int, *, asked: int | None, of: int) -> float:
    if place == asked:
        return FIRST_QUESTION
    late = LATE * place / of
    raised = DECIDES + late if talk.decides(text) else PROMISES + late if talk.promises(text) else 0.0
    return raised if place else max(raised, OPENING)


def _chosen(sentences: Sequence[Sentence], vectors: Matrix, limit: int) -> list[int]:
    """The places of the best sentences, none of which says what another one says, in order."""
    alike = vectors @ vectors.T
    scores = [central + one.raised for central, one in zip(_centrality(alike).tolist(), sentences, strict=True)]
    chosen: list[int] = []
    for place in sorted(range(len(scores)), key=lambda place: (-round(scores[place], 4), place)):
        if len(chosen) == limit:
            break
        if all(alike[place, other] <= SAME for other in chosen):
            chosen.append(place)
    return sorted(chosen)


def _centrality(alike: Matrix) -> npt.NDArray[np.float64]:
    """Shape (n,), the highest 1: where a walk ends up that goes from sentence to sentence by their likeness."""
    import numpy as np  # noqa: PLC0415  (loaded with the first summary)

    steps = np.where(alike > ALIKE, alike, 0.0).astype(np.float64)
    np.fill_diagonal(steps, 1.0)
    steps /= steps.sum(axis=1, keepdims=True)
    weights = np.full(len(steps), 1 / len(steps))
    for _ in range(ROUNDS):
        before, weights = weights, DAMPING / len(steps) + (1 - DAMPING) * (weights @ steps)
        if np.abs(weights - before).sum() < SETTLED:
            break
    return weights / weights.max()
