"""What is measured of one question, and how sure a mean over questions is.

Retrieval metrics come from ir_measures (MacAvaney, Macdonald and Ounis 2022), with trec_eval's definitions; intervals
are percentile bootstraps (Efron 1979) that draw whole conversations, because turns of one are not independent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ir_measures
import numpy as np

from bot.answering.pipeline import Answered
from bot.evaluation.datasets import Gold, HandbookQuestion
from bot.models import Hit

RESAMPLES = 2000
SEED = 13
LEVEL = (2.5, 97.5)
"""Percentiles of a 95 % interval."""
FILES = 10
"""Distinct files among which the first gold one is looked for."""

Values = Mapping[str, float]
"""One value per question, by the question's id."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` questions with its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int


def estimate(values: Values, groups: Mapping[str, str]) -> Estimate:
    """Mean and interval of `values`; `groups` names the conversation of each question. Needs at least one value."""
    array = np.array(list(values.values()), dtype=float)
    _, group = np.unique([groups[question] for question in values], return_inverse=True)
    sums, sizes = np.bincount(group, weights=array), np.bincount(group).astype(float)
    drawn = np.random.default_rng(SEED).integers(0, len(sums), (RESAMPLES, len(sums)))
    low, high = np.percentile(sums[drawn].sum(1) / sizes[drawn].sum(1), LEVEL)
    return Estimate(float(array.mean()), float(low), float(high), len(array))


def difference(before: Values, after: Values, groups: Mapping[str, str]) -> Estimate | None:
    """Paired difference (after minus before) over the questions that both runs asked; None when they share none."""
    shared = {question: after[question] - before[question] for question in before if question in after}
    return estimate(shared, groups) if shared else None


# --- passages -------------------------------------------------------------------------------------------------------

RETRIEVAL = {
    "ndcg@10": ir_measures.parse_measure("nDCG@10"),
    "recall@10": ir_measures.parse_measure("R@10"),
    "recall@50": ir_measures.parse_measure("R@50"),
    "mrr@10": ir_measures.parse_measure("RR@10"),
}
"""Our names for the measures."""


def retrieval(ranked: Mapping[str, Sequence[str]], gains: Mapping[str, Mapping[str, float]]) -> dict[str, Values]:
    """Every retrieval metric per question: `ranked` holds passage ids best first, `gains` what each is worth."""
    names = {measure: name for name, measure in RETRIEVAL.items()}
    qrels = {question: {passage: int(gain) for passage, gain in of.items()} for question, of in gains.items()}
    run = {question: {passage: 1.0 / rank for rank, passage in enumerate(of, 1)} for question, of in ranked.items()}
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(gains, 0.0) for name in RETRIEVAL}
    untyped: Any = ir_measures
    for found in untyped.iter_calc(list(names), qrels, run):
        values[names[found.measure]][found.query_id] = float(found.value)
    return dict(values)


# --- documents ------------------------------------------------------------------------------------------------------


def places(hits: Sequence[Hit], gold: Sequence[Gold]) -> dict[str, float]:
    """file@1, file@5, section@5 and mrr of one ranking: ranks count distinct files, and distinct sections."""
    files = list(dict.fromkeys(hit.chunk.path for hit in hits))
    sections = list(dict.fromkeys((hit.chunk.path, fold(hit.chunk.heading)) for hit in hits))
    gold_files, gold_sections = {g.file for g in gold}, {(g.file, fold(g.heading)) for g in gold}
    rank = next((rank for rank, file in enumerate(files[:FILES], 1) if file in gold_files), None)
    return {
        "file@1": float(bool(gold_files & set(files[:1]))),
        "file@5": float(bool(gold_files & set(files[:5]))),
        "section@5": float(bool(gold_sections & set(sections[:5]))),
        "mrr": 1.0 / rank if rank else 0.0,
    }


def answered(question: HandbookQuestion, given: Answered) -> dict[str, float]:
    """What an answer is worth: abstention for every question, evidence and citations for answerable ones.

    A declined answer shows no evidence (0) and has no citations to judge (left out of both citation metrics).
    """
    answer, kind = given.answer, question.kind
    plain = answer.answered and answer.confidence == "high"
    values = {f"declined_{kind}": float(not answer.answered), f"plain_{kind}": float(plain)}
    if kind == "unanswerable":
        return values
    shown = [fold(citation.quote) for citation in answer.citations]
    values["evidence_shown"] = float(any(fold(gold.evidence) in quote for gold in question.gold for quote in shown))
    files = {gold.file for gold in question.gold}
    in_gold = [float(citation.path in files) for citation in answer.citations]
    if in_gold:
        values["first_citation_gold"] = in_gold[0]
        values["citation_precision"] = sum(in_gold) / len(in_gold)
    return values


def fold(text: str) -> str:
    """Text with every run of white space as one space."""
    return " ".join(text.split())
