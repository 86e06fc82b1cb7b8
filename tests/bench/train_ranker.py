"""Learns the local reranker's numbers, and prints for each set what a ranker reaches that never saw it.

Ranking: a linear model, listwise softmax cross-entropy (ListNet's top-one loss, Cao et al. 2007), every set counting
the same. Confidence: a logistic regression on questions with their answers in the corpus against the same questions
with the gold pages taken out of the candidates, and on dialog turns that people judged answerable or not. No
abstention number sees 18f. Nothing is drawn at random: the same data give the same numbers. A second regression learns
from the same questions how sure words alone can be, for when no question can be embedded; with `--words` that is all
that is learned, and the handbook alone is embedded.

    python -m tests.bench.train_ranker DATA --home FOLDER [--words] [--write]
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
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.adapters.local.evidence import FEATURES, Evidence, gather, signs, signs_of_words
from bot.adapters.local.reranker import NUMBERS
from bot.adapters.local.rewriter import HistoryRewriter
from bot.answering.pipeline import Pipeline
from bot.answering.retrieve import CANDIDATES, compose, retrieve
from bot.answering.rewrite import rewrite
from bot.composition import answering, apart, writing
from bot.conversations import Turn
from bot.errors import Unavailable
from bot.evaluation import metrics
from bot.evaluation.corpus import fill
from bot.evaluation.datasets import Gold, HandbookQuestion, HandbookSet, PassageQuestion, PassageSet, load
from bot.models import EVERYONE, Audience, Chunk, Embedding, Hit, Matrix, Query
from bot.settings import Settings
from bot.settings import load as settings_of

Floats = npt.NDArray[np.float64]
Read = Callable[[Evidence, Floats], dict[str, float]]
"""Reads the signs of an answer."""

PASSAGES = ("labelled/scifact", "labelled/anthropic_code", "multiturn/mtrag_clapnq", "multiturn/mtrag_fiqa")
DIALOGS = ("multiturn/mtrag_clapnq", "multiturn/mtrag_fiqa")
HANDBOOK = "handbooks/18f-handbook", "questions/18f"
RIDGE = 0.02
STEPS, RATE = 400, 0.1
CONFIDENCE_RIDGE = 3.0
"""Against a weight of 1 for each side of each trial: nearly equal weights for standardised signs, as sets disagree."""
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
DECLINED, PLAIN = 0.08, 0.74
"""The shares of answerable training questions that the floors decline, and let be answered plainly."""
READER = Audience.of([EVERYONE])


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's candidates, their gains of shape (n,), and what an order of them is worth."""

    evidence: Evidence
    gains: Floats
    score: Callable[[Sequence[int]], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Signs:
    """Questions whose answer is there, and questions whose answer is not, for one kind of trial."""

    there: list[Evidence]
    gone: list[Evidence]


# --- gathering ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Away:
    """An embedder that is down for every question; what it made of passages before tells nothing."""

    model: str
    dimension: int

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """The same for all."""
        alike = np.full(self.dimension, self.dimension**-0.5, np.float32)
        return [Embedding(alike) for _ in chunks]

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Raises `Unavailable`."""
        raise Unavailable(f"{len(texts)} questions are not embedded")


@asynccontextmanager
async def over(corpus: Path, settings: Settings, *, by_words: bool) -> AsyncIterator[Pipeline]:
    """The deployed pipeline over the passages of a set, embedded once per home; or with its embedder down."""
    own = apart(settings, "evaluation", corpus)
    async with writing(own) as write:
        embedder = Away(write.embedder.model, write.embedder.dimension) if by_words else write.embedder
        await fill(corpus, index=write.index, embedder=embedder, on_passages=lambda _: None)
    async with answering(own) as pipeline:
        yield replace(pipeline, embedder=embedder) if by_words else pipeline


async def candidates(
    question: str, history: Sequence[Turn], pipeline: Pipeline, limit: int = CANDIDATES
) -> tuple[Query, Sequence[Hit]]:
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

        gains = np.array([question.gains.get(identifier, 0.0) for identifier in ids])
        judged.append(Judged(evidence, gains, partial(passage_score, ids, question)))
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

        gains = np.array([worth(hit, question.gold) for hit in hits])
        judged.append(Judged(gather(query, hits), gains, partial(place_score, hits, question)))
    return judged


def passage_score(ids: Sequence[str], question: PassageQuestion, order: Sequence[int]) -> Mapping[str, float]:
    """What an order of the passages `ids` is worth."""
    ranked = {question.asked.id: [ids[row] for row in order]}
    return {"ndcg@10": metrics.retrieval(ranked, {question.asked.id: question.gains})["ndcg@10"][question.asked.id]}


def place_score(hits: Sequence[Hit], question: HandbookQuestion, order: Sequence[int]) -> Mapping[str, float]:
    """What an order of the handbook's passages is worth."""
    return metrics.places([hits[row] for row in order], question.gold)


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


def table(evidences: Sequence[Evidence], weights: Floats, read: Read = signs) -> tuple[list[str], Floats]:
    """The signs of each question: their names, and shape (q, s)."""
    rows = [read(evidence, evidence.features @ weights) for evidence in evidences]
    return list(rows[0]), np.array([list(row.values()) for row in rows])


def regressed(trials: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, float]:
    """Weights and bias of a ridge logistic regression (Newton); each side of each trial weighs the same."""
    rows = np.vstack([side for trial in trials for side in trial])
    target = np.concatenate([np.full(len(side), 1.0 - place) for trial in trials for place, side in enumerate(trial)])
    share = np.concatenate([np.full(len(side), 1 / len(side)) for trial in trials for side in trial])
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


# --- the whole ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Material:
    """Everything gathered, by the name of the set."""

    judged: dict[str, list[Judged]]
    trials: dict[str, Signs]
    reported: dict[str, Signs]


async def gathered(data: Path, settings: Settings, *, by_words: bool = False) -> Material:
    """Search once for every judged question; `by_words`, as when the embedder is down."""
    found = Material({}, {}, {})
    for name in PASSAGES:
        dataset = load(data / name, rewrite="gold" if "mtrag" in name else None, corpus=None, limit=None)
        assert isinstance(dataset, PassageSet)
        async with over(dataset.corpus, settings, by_words=by_words) as pipeline:
            found.judged[dataset.name], found.trials[dataset.name] = await passages_of(dataset, pipeline)
            for folder in (name, f"{name}_un") if name in DIALOGS else ():
                found.trials[f"{Path(folder).name} dialogs"] = await dialogs(data / folder, pipeline)
        print(f"gathered {dataset.name}", file=sys.stderr)
    await from_handbook(data, settings, found, by_words=by_words)
    return found


async def from_handbook(data: Path, settings: Settings, found: Material, *, by_words: bool) -> None:
    """18f: to learn the order of passages from; its abstention is only reported."""
    from bot.commands.index import index

    dataset = load(data / HANDBOOK[1], rewrite="none", corpus=None, limit=None)
    assert isinstance(dataset, HandbookSet)
    own = apart(settings, "evaluation", data / HANDBOOK[0])
    await index(own, [data / HANDBOOK[0]], allow_removals=True, show=sys.stderr)
    async with answering(own) as deployed:
        away = Away(deployed.embedder.model, deployed.embedder.dimension)
        pipeline = replace(deployed, embedder=away) if by_words else deployed
        found.judged[dataset.name] = await handbook(dataset, pipeline)
        trial = Signs([one.evidence for one in found.judged[dataset.name]], [])
        for question in dataset.questions:
            if question.kind == "unanswerable":
                query, hits = await candidates(question.asked.text, (), pipeline)
                trial.gone.append(gather(query, hits))
        found.reported[dataset.name] = trial


def ranked(material: Material) -> Floats:
    """The shipped weights, after a table of what they and their counterparts reach."""
    weights = learned(list(material.judged.values()))
    print("ranking: shipped, trained on every set / trained on the others (leave one set out)")
    for name, judged in material.judged.items():
        others = learned([of for other, of in material.judged.items() if other != name])
        shipped, unseen = reached(judged, weights), reached(judged, others)
        print(f"  {name:16}" + "   ".join(f"{m} {shipped[m]:.4f} / {unseen[m]:.4f}" for m in shipped))
    return weights


def corpus_of(trial: str) -> str:
    """Trials over one corpus are left out together."""
    return trial.removesuffix(" dialogs").removesuffix("_un")


def told_apart(what: str, rows: Mapping[str, tuple[Floats, Floats]]) -> tuple[Floats, float]:
    """The shipped regression, after a table of how well it tells the two sides of each trial apart."""
    factors, bias = regressed(list(rows.values()))
    print(f"{what}, area under the curve: shipped / trained on other corpora")
    for name, (there, gone) in rows.items():
        other, _ = regressed([of for trial, of in rows.items() if corpus_of(trial) != corpus_of(name)])
        print(f"  {name:26}{auc(there @ factors, gone @ factors):.3f} / {auc(there @ other, gone @ other):.3f}")
    return factors, bias


def judged_sure(material: Material, weights: Floats) -> dict[str, object]:
    """The shipped confidence and floors, after a table of how well it tells answerable from not."""
    rows = {name: (table(of.there, weights)[1], table(of.gone, weights)[1]) for name, of in material.trials.items()}
    names = table(next(iter(material.trials.values())).there, weights)[0]
    factors, bias = told_apart("confidence", rows)
    sure = [probability(there @ factors + bias) for there, _ in rows.values()]
    decline, plain = (floor(share, sure) for share in (DECLINED, 1 - PLAIN))
    for name, trial in material.reported.items():
        there, gone = (probability(table(side, weights)[1] @ factors + bias) for side in (trial.there, trial.gone))
        print(f"  {name}, never trained on: {auc(there, gone):.3f}")
        for label, of in (("answerable", there), ("unanswerable", gone)):
            print(f"    {label}: {(of < decline).sum()} declined, {(of >= plain).sum()} plain, of {len(of)}")
    return {
        "confidence": {name: round(float(factor), 4) for name, factor in zip(names, factors, strict=True)},
        "bias": round(bias, 4),
        "floors": {"decline": round(decline, 3), "plain": round(plain, 3)},
    }


def sure_by_words(material: Material, weights: Floats, *, decline: float) -> dict[str, object]:
    """The confidence where there are words alone, moved so that the floor `decline` declines as few."""
    read = partial(table, weights=weights, read=signs_of_words)
    rows = {name: (read(of.there)[1], read(of.gone)[1]) for name, of in material.trials.items()}
    names = read(next(iter(material.trials.values())).there)[0]
    factors, bias = told_apart("confidence by words alone", rows)
    raw = floor(DECLINED, [probability(there @ factors + bias) for there, _ in rows.values()])
    bias += float(logit(decline) - logit(raw))
    for name, (there, gone) in rows.items():
        print(
            f"  {name:26}declined: {share_under(there @ factors + bias, decline):.2f} of those whose answer is there, "
            f"{share_under(gone @ factors + bias, decline):.2f} of the others"
        )
    for name, trial in material.reported.items():
        there, gone = (read(side)[1] @ factors + bias for side in (trial.there, trial.gone))
        print(
            f"  {name}, never trained on: {auc(there, gone):.3f}; declined: {share_under(there, decline):.2f} of "
            f"those whose answer is there, {share_under(gone, decline):.2f} of the others"
        )
    signs_of = {name: round(float(factor), 4) for name, factor in zip(names, factors, strict=True)}
    return {"words": {"confidence": signs_of, "bias": round(bias, 4)}}


def share_under(weighed: Floats, decline: float) -> float:
    """The share of questions that are declined."""
    return float((probability(weighed) < decline).mean())


def probability(weighed: Floats) -> Floats:
    """The logistic function."""
    return 1 / (1 + np.exp(-weighed))


def logit(share: float) -> float:
    """Its inverse."""
    return float(np.log(share / (1 - share)))


def floor(share: float, sides: Sequence[Floats]) -> float:
    """The confidence under which `share` of the questions lie, on average over the trials."""
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        under = np.mean([(side < middle).mean() for side in sides])
        low, high = (middle, high) if under < share else (low, middle)
    return low


def learned_all(arguments: argparse.Namespace) -> dict[str, Any]:
    """The numbers for words and vectors together."""
    material = asyncio.run(gathered(arguments.data, settings_of({"FOOTNOTE_HOME": str(arguments.home)})))
    weights = ranked(material)
    ranking = {name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=True)}
    return {"trained_on": sorted(material.judged), "ranking": ranking, **judged_sure(material, weights)}


def main() -> None:
    """Gather, learn, print, and write the numbers where the reranker reads them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with labelled/, multiturn/, handbooks/ and questions/")
    parser.add_argument("--home", type=Path, required=True, help="a folder for the indexes; kept, and used again")
    parser.add_argument("--words", action="store_true", help="learn only what holds for words alone")
    parser.add_argument("--write", action="store_true", help=f"replace {NUMBERS.name}")
    arguments = parser.parse_args()
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8")) if arguments.words else learned_all(arguments)
    blind = settings_of({"FOOTNOTE_HOME": str(arguments.home / "words")})
    material = asyncio.run(gathered(arguments.data, blind, by_words=True))
    weights = np.array([numbers["ranking"][name] for name in FEATURES])
    numbers |= sure_by_words(material, weights, decline=numbers["floors"]["decline"])
    text = json.dumps(numbers, indent=2) + "\n"
    print(text)
    if arguments.write:
        NUMBERS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
