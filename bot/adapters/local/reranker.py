"""The Reranker port on this machine: a weighted sum of what words and vectors say, and a calibrated confidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from typing import Final

from bot.models import Hit, Query, Ranking
from bot.ports.search import Floors

NUMBERS: Final = Path(__file__).with_name("ranker.json")
"""Written by tests/bench/train_ranker.py, which says what it was trained on."""
ROUNDING: Final = 9
"""Decimals of a score: what sums of floats disagree about beyond them must not order passages."""


@dataclass(frozen=True, slots=True)
class Regression:
    """A logistic regression over the signs of an answer."""

    confidence: Mapping[str, float]
    bias: float

    def probability(self, found: Mapping[str, float]) -> float:
        """That the passages answer, were half of all questions answerable."""
        weighed = sum(self.confidence.get(name, 0.0) * value for name, value in found.items())
        return 1 / (1 + exp(-weighed - self.bias))


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was learned: a weight per ranking feature, a regression with vectors, one without, floors for both."""

    ranking: Mapping[str, float]
    sure: Regression
    sure_by_words: Regression
    floors: Floors

    @classmethod
    def shipped(cls) -> Numbers:
        """Those that come with the program."""
        stored = json.loads(NUMBERS.read_text(encoding="utf-8"))
        sure, by_words = Regression(stored["confidence"], stored["bias"]), Regression(**stored["words"])
        return cls(stored["ranking"], sure, by_words, Floors(**stored["floors"]))


class LocalReranker:
    """Ranks by a linear model over a handful of features of each candidate; deterministic, ties break by chunk id."""

    def __init__(self, numbers: Numbers | None = None) -> None:
        self._numbers = numbers or Numbers.shipped()

    @property
    def name(self) -> str:
        """What *Why this answer?* calls it."""
        return "words and vectors, weighed"

    @property
    def floors(self) -> Floors:
        """Where this reranker's confidence means a decline, and where it means a plain answer."""
        return self._numbers.floors

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        """The best `limit` of `hits`, best first, with this reranker's score in each and a calibrated confidence."""
        if not hits or limit < 1:
            return Ranking(hits=(), confidence=0.0)
        return await asyncio.to_thread(self._ranked, query, hits, limit)

    def _ranked(self, query: Query, hits: Sequence[Hit], limit: int) -> Ranking:
        from bot.adapters.local.evidence import (  # noqa: PLC0415  (numpy, at the first question)
            FEATURES,
            gather,
            signs,
            signs_of_words,
        )

        evidence = gather(query, hits)
        scores = (evidence.features @ [self._numbers.ranking.get(name, 0.0) for name in FEATURES]).round(ROUNDING)
        order = sorted(range(len(hits)), key=lambda row: (-scores[row], hits[row].chunk.id))
        best = tuple(replace(hits[row], score=float(scores[row])) for row in order[:limit])
        if query.vector is None:  # without vectors every passage would look like none that answers
            return Ranking(best, self._numbers.sure_by_words.probability(signs_of_words(evidence, scores)))
        return Ranking(best, self._numbers.sure.probability(signs(evidence, scores)))
