"""Learns the local reranker's numbers, and prints for each set what a ranker reaches that never saw it.

Ranking: a linear model, listwise softmax cross-entropy (ListNet's top-one loss, Cao et al. 2007), every set counting the
same. Confidence: a logistic regression on questions with their answers in the corpus against the same questions with
the gold pages taken out of the candidates, and on dialog turns that people judged answerable or not. No abstention
number sees 18f. Nothing is drawn at random: the same data give the same numbers.

    python -m tests.bench.train_ranker DATA --home FOLDER [--write]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.adapters.local.evidence import FEATURES, Evidence, gather, signs
from bot.adapters.local.reranker import NUMBERS
from bot.adapters.local.rewriter import HistoryRewriter
from bot.answering.pipeline import Pipeline
from bot.answering.retrieve import CANDIDATES, compose, retrieve
from bot.answering.rewrite import rewrite
from bot.composition import answering, apart, writing
from bot.conversations import Turn
from bot.evaluation import metrics
from bot.evaluation.corpus import fill
from bot.evaluation.datasets import Gold, HandbookSet, PassageSet, load
from bot.models import EVERYONE, Audience, Hit
from bot.settings import Settings
from bot.settings import load as settings_of

Floats = npt.NDArray[np.float64]

PASSAGES = ("labelled/scifact", "labelled/anthropic_code", "multiturn/mtrag_clapnq", "multiturn/mtrag_fiqa")
DIALOGS = ("multiturn/mtrag_clapnq", "multiturn/mtrag_fiqa")
HANDBOOK = "handbooks/18f-handbook", "questions/18f"
RIDGE = 0.02
STEPS, RATE = 400, 0.1
CONFIDENCE_RIDGE = 3.0
"""Against `SIGNS_SCALE` of weight per set: near equal weights for standardised signs, because sets disagree."""
SIGNS_SCALE = 1.0
DECLINED, PLAIN = 0.06, 0.75
"""The shares of answerable training questions that the floors decline, and let be answered plainly."""
READER = Audience.of([EVERYONE])


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's candidates: `gains` of shape (n,), and for scoring the ids or the hits with everything gold."""

    evidence: Evidence
    gains: Floats
    score: Callable[[Sequence[int]], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Signs:
    """Questions whose answer is there, and questions whose answer is not, for one kind of trial."""

    there: list[Evidence]
    gone: list[Evidence]


# --- gathering ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def over(corpus: Path, settings: Settings) -> AsyncIterator[Pipeline]:
    """The deployed pipeline over the passages of a set; embedded once per home."""
    own = apart(settings, "evaluation", corpus)
    async with writing(own) as write:
        await fill(corpus, index=write.index, embedder=write.embedder, on_passages=lambda _: None)
    async with answering(own) as pipeline:
        yield pipeline


async def candidates(question: str, history: Sequence[Turn], pipeline: Pipeline, limit: int = CANDIDATES):
    """The composed query, and what the index offers for it."""
    rewritten = await rewrite(question, history, rewriter=HistoryRewriter())
    query = await compose(rewritten, embedder=pipeline.embedder)
    return query, await retrieve(query, index=pipeline.index, visible_to=READER, limit=limit)


def page(hit: Hit) -> str:
    """What is taken out with a gold passage: its page, or the file that a piece of code was cut from."""
    return hit.chunk.title or hit.chunk.path.partition(":")[0]


async def passages_of(dataset: PassageSet, pipeline: Pipeline) -> tuple[list[Judged], Signs]:
    """Ranking and confidence examples of a set of passages."""
    judged: list[Judged] = []
    trial = Signs([], [])
    for question in dataset.questions:
        query, hits = await candidates(question.asked.text, (), pipeline)
        ids = [hit.chunk.path for hit in hits]
        evidence = gather(query, hits)

        def score(order: Sequence[int], ids=ids, question=question) -> Mapping[str, float]:
            ranked = {question.asked.id: [ids[row] for row in order]}
            values = metrics.retrieval(ranked, {question.asked.id: question.gains})
            return {"ndcg@10": values["ndcg@10"][question.asked.id]}

        judged.append(Judged(evidence, np.array([question.gains.get(i, 0.0) for i in ids]), score))
        trial.there.append(evidence)
        _, more = await candidates(question.asked.text, (), pipeline, limit=3 * CANDIDATES)
        pages = {page(hit) for hit in more if hit.chunk.path in question.gains}
        left = [hit for hit in more if page(hit) not in pages and hit.chunk.path not in question.gains][:CANDIDATES]
        trial.gone.append(gather(query, left))
    return judged, trial


async def handbook(dataset: HandbookSet, pipeline: Pipeline) -> list[Judged]:
    """Ranking examples of 18f: a gold section counts 1, the passage with the evidence 2."""
    judged: list[Judged] = []
    for question in dataset.questions:
        if question.kind != "answerable":
            continue
        query, hits = await candidates(question.asked.text, (), pipeline)

        def score(order: Sequence[int], hits=hits, question=question) -> Mapping[str, float]:
            return metrics.places([hits[row] for row in order], question.gold)

        gains = np.array([worth(hit, question.gold) for hit in hits])
        judged.append(Judged(gather(query, hits), gains, score))
    return judged


def worth(hit: Hit, gold: Iterable[Gold]) -> float:
    """How much of what was judged stands in a passage."""
    chunk, found = hit.chunk, 0.0
    for one in gold:
        if chunk.path == one.file and metrics.fold(one.evidence).lower() in metrics.fold(chunk.text).lower():
            return 2.0
        found = max(found, float(chunk.path == one.file and metrics.fold(chunk.heading) == one.heading))
    return found


async def dialogs(folder: Path, pipeline: Pipeline) -> Signs:
    """Turns that people judged answerable, or not at all, put with their history."""
    trial = Signs([], [])
    for line in (folder / "dialogs.jsonl").read_text(encoding="utf-8").splitlines():
        turn = json.loads(line)
        if turn["answerability"] not in ("ANSWERABLE", "UNANSWERABLE"):
            continue
        said = [one["text"] for one in turn["history"] if one["role"] == "user"]
        history = [Turn(text, text, "", {}, READ_AT) for text in said]
        query, hits = await candidates(turn["question"], history, pipeline)
        (trial.there if turn["answerability"] == "ANSWERABLE" else trial.gone).append(gather(query, hits))
    return trial


# --- learning -------------------------------------------------------------------------------------------------------


def learned(sets: Sequence[Sequence[Judged]]) -> Floats:
    """A weight per feature; Adam on the mean loss of the sets' means, plus `RIDGE` / 2 times the squared weights."""
    packed = [packed_set([one for one in judged if one.gains.any()]) for judged in sets]
    weights = np.zeros(len(FEATURES))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        slope = RIDGE * weights + sum(gradient(weights, *one) for one in packed) / len(packed)
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        rate = RATE * (1 - 0.9 * step / STEPS)
        weights = weights - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights


def packed_set(judged: Sequence[Judged]) -> tuple[Floats, Floats, Floats]:
    """Features (q, n, f), a mask of 0 and minus infinity (q, n), and target shares (q, n)."""
    most = max(len(one.gains) for one in judged)
    features, mask = np.zeros((len(judged), most, len(FEATURES))), np.full((len(judged), most), -1e9)
    target = np.zeros((len(judged), most))
    for row, one in enumerate(judged):
        size = len(one.gains)
        features[row, :size], mask[row, :size] = one.evidence.features, 0
        target[row, :size] = one.gains / one.gains.sum()
    return features, mask, target


def gradient(weights: Floats, features: Floats, mask: Floats, target: Floats) -> Floats:
    """Of the listwise cross-entropy, averaged over questions."""
    scores = features @ weights + mask
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return np.einsum("qn,qnf->f", shares - target, features) / len(features)


def reached(judged: Sequence[Judged], weights: Floats) -> dict[str, float]:
    """Every metric's mean over a set."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for one in judged:
        for name, value in one.score(np.argsort(-(one.evidence.features @ weights), kind="stable").tolist()).items():
            values[name].append(value)
    return {name: float(np.mean(of)) for name, of in values.items()}


def table(evidences: Sequence[Evidence], weights: Floats) -> tuple[list[str], Floats]:
    """The signs of each question: their names, and shape (q, s)."""
    rows = [signs(evidence, evidence.features @ weights) for evidence in evidences]
    return list(rows[0]), np.array([list(row.values()) for row in rows])


def regressed(trials: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, float]:
    """Weights and bias of a ridge logistic regression (Newton); each side of each trial weighs the same."""
    rows = np.vstack([side for trial in trials for side in trial])
    target = np.concatenate([np.full(len(side), 1.0 - place) for trial in trials for place, side in enumerate(trial)])
    share = np.concatenate([np.full(len(side), SIGNS_SCALE / len(side)) for trial in trials for side in trial])
    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    design = np.column_stack([(rows - middle) / spread, np.ones(len(rows))])
    ridge = np.append(np.full(rows.shape[1], CONFIDENCE_RIDGE), 1e-9)
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        sure = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (share * (sure - target)) + ridge * weights
        curve = (design * (share * sure * (1 - sure))[:, None]).T @ design + np.diag(ridge)
        weights = weights - np.linalg.solve(curve, slope)
    scaled = weights[:-1] / spread
    return scaled, float(weights[-1] - scaled @ middle)


def auc(there: Floats, gone: Floats) -> float:
    """The chance that a question whose answer is there looks surer than one whose answer is not."""
    return float((there[:, None] > gone[None]).mean() + 0.5 * (there[:, None] == gone[None]).mean())
