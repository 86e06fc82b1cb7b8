"""The Reranker port on this machine: a weighted sum of what words and vectors say, and a calibrated confidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.models import Hit, Query, Ranking
from bot.ports.search import Floors

if TYPE_CHECKING:  # imports numpy, which is loaded at the first question
    from bot.adapters.local.evidence import Evidence

NUMBERS: Final = Path(__file__).with_name("ranker.json")
"""Written by tests/bench/train_ranker.py, which says what it was trained on."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was learned: a weight per ranking feature, a logistic regression over the signs of an answer, two floors."""

    ranking: Mapping[str, float]
    confidence: Mapping[str, float]
    bias: float
    floors: Floors

    @classmethod
    def shipped(cls) -> Numbers:
        """Those that come with the program."""
        stored = json.loads(NUMBERS.read_text(encoding="utf-8"))
        return cls(stored["ranking"], stored["confidence"], stored["bias"], Floors(**stored["floors"]))


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
        from bot.adapters.local.evidence import gather, signs  # noqa: PLC0415 - see TYPE_CHECKING above

        evidence = gather(query, hits)
        scores = self._scores(evidence)
        order = sorted(range(len(hits)), key=lambda row: (-scores[row], hits[row].chunk.id))
        found = signs(evidence, hits, order)
        best = tuple(replace(hits[row], score=scores[row]) for row in order[:limit])
        return Ranking(hits=best, confidence=self._confidence(found))

    def _scores(self, evidence: Evidence) -> list[float]:
        from bot.adapters.local.evidence import FEATURES  # noqa: PLC0415 - see TYPE_CHECKING above

        weights = [self._numbers.ranking.get(name, 0.0) for name in FEATURES]
        return [round(float(score), 9) for score in evidence.features @ weights]

    def _confidence(self, found: Mapping[str, float]) -> float:
        from math import exp  # noqa: PLC0415

        weights = self._numbers.confidence
        return 1 / (
            1 + exp(-(self._numbers.bias + sum(weights.get(name, 0.0) * value for name, value in found.items())))
        )
