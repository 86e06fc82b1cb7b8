"""Whether a change made answers worse: the figures that decide, and by how much they may fall."""

from collections.abc import Mapping
from typing import Final

from bot.evaluation.metrics import Estimate
from bot.evaluation.report import Run, differences

TOLERANCE: Final = 0.02
"""By how much a figure's mean may be worse: less is no more than one question in fifty."""
HIGHER: Final = ("ndcg@10", "recall@10", "file@5", "followup_file@5", "evidence_shown", "declined_unanswerable")
LOWER: Final = ("declined_answerable",)
"""Figures that decide; of the others, most follow from these."""
PLACED: Final = ("recall@50", "recall@10", "file@5", "followup_file@5")
"""Figures of which one is above nothing as soon as any question is about what is indexed."""


def regressions(before: Run, after: Run, *, tolerance: float = TOLERANCE) -> Mapping[str, Estimate]:
    """The figures whose paired difference is, in the mean, worse than the tolerance allows."""
    found = differences(before, after)
    return {name: found[name] for name in (*HIGHER, *LOWER) if name in found and _loss(name, found[name]) > tolerance}


def is_about(run: Run) -> bool:
    """Whether any of the questions has its answer in what was searched."""
    found = run.estimates()
    return any(found[name].mean > 0 for name in PLACED if name in found)


def _loss(name: str, estimate: Estimate) -> float:
    return estimate.mean if name in LOWER else -estimate.mean
