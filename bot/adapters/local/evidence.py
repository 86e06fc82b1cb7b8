"""What words and vectors say about each candidate for a query: the features that ranking and confidence weigh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from bot.models import Hit, Query
from bot.words import words
from bot.words.asking import weights

Floats = npt.NDArray[np.float64]

FEATURES: Final = ("cosine", "bm25", "best_unit", "coverage", "close_coverage", "adjacent", "company")
"""Columns of `Evidence.features`, each between 0 and 1 within one query's candidates:

cosine, bm25            the scores of the two legs, scaled from worst to best candidate
best_unit               the cosine of the unit nearest to the query, scaled likewise
coverage                share of the query's words that the passage or its place holds, rare words counting more
close_coverage          the same for the best run of `NEAR` words
adjacent                share of the query's neighbouring words that are neighbours here too
company                 how good the best other candidates of the same page and of the same section are
"""

NEAR: Final = 25
"""Words that a sentence or two hold."""
COMPANY: Final = 3
"""Other candidates that speak for a page or a section."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Of n candidates for a query.

    `features` has shape (n, len(FEATURES)); `bm25`, `cosines` and `units` (the best unit's cosine) are raw, shape (n,).
    """

    features: Floats
    bm25: Floats
    cosines: Floats
    units: Floats


@lru_cache(maxsize=4096)
def read(text: str) -> tuple[str, ...]:
    """The words of a passage; remembered, because the same passages come back question after question."""
    return tuple(words(text))


def gather(query: Query, hits: Sequence[Hit]) -> Evidence:
    """Everything that ranking looks at, from the hits alone: no statistics of the index are needed.

    How rare a word is gets counted over the candidates (Robertson and Zaragoza 2009, their idf): among passages that
    are all near the question, what few of them hold tells them apart. Measured equal to counts over the corpus.
    """
    asked = weights(query)
    places = {word: column for column, word in enumerate(asked)}
    texts = [read(hit.chunk.text) for hit in hits]
    held = np.array([_holds(text, hit.chunk.place, places) for text, hit in zip(texts, hits, strict=True)])
    rarity = _rarity(held) * np.array(list(asked.values()))
    cosines, units = _cosines(query, hits)
    share = rarity / max(float(rarity.sum()), 1e-9)
    runs = np.array([_runs(text, places, share) for text in texts])
    bm25 = np.array([hit.bm25 for hit in hits])
    legs = scaled(cosines), scaled(bm25), scaled(units)
    columns = (*legs, held @ share, runs[:, 0], runs[:, 1], _company(np.sum(legs, axis=0) / len(legs), hits))
    return Evidence(np.column_stack(columns), bm25, cosines, units)


def scaled(values: Floats) -> Floats:
    """Moved and stretched so that the least is 0 and the greatest 1; zeros when all are equal."""
    least, greatest = float(values.min()), float(values.max())
    return (values - least) / (greatest - least) if greatest > least else np.zeros_like(values)


def _holds(text: Sequence[str], place: str, places: Mapping[str, int]) -> npt.NDArray[np.bool_]:
    row = np.zeros(len(places), bool)
    row[[places[word] for word in {*text, *read(place)} if word in places]] = True
    return row


def _rarity(held: npt.NDArray[np.bool_]) -> Floats:
    holding = held.sum(axis=0)
    return np.log1p((len(held) - holding + 0.5) / (holding + 0.5))


def _cosines(query: Query, hits: Sequence[Hit]) -> tuple[Floats, Floats]:
    """Of each candidate's whole, and of its nearest unit; the index's own cosine where a vector is missing."""
    whole, best = np.array([hit.cosine for hit in hits]), np.empty(len(hits))
    for row, hit in enumerate(hits):
        if query.vector is not None and hit.embedding is not None:
            whole[row] = hit.embedding.vector @ query.vector
        cosines = unit_cosines(query, hit)
        best[row] = cosines.max() if cosines.size else whole[row]
    return whole, best


def unit_cosines(query: Query, hit: Hit) -> Floats:
    """The cosine of each unit of a hit; shape (0,) where there are no unit vectors."""
    if query.vector is None or hit.embedding is None or hit.embedding.units is None:
        return np.zeros(0)
    return (hit.embedding.units @ query.vector).astype(np.float64)


def _company(scores: Floats, hits: Sequence[Hit]) -> Floats:
    """Of each hit's page and section, the sum of the best `COMPANY` other scores; 1 is the most possible.

    Passages cut by somebody else share a title instead of a document.
    """
    pages = [(hit.chunk.title or hit.chunk.document_id,) for hit in hits]
    sections = [(*page, *hit.chunk.heading_path) for page, hit in zip(pages, hits, strict=True)]
    return (_others(scores, pages) + _others(scores, sections)) / (2 * COMPANY)


def _others(scores: Floats, groups: Sequence[tuple[str, ...]]) -> Floats:
    members: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for row in np.argsort(-scores, kind="stable"):
        members[groups[row]].append(int(row))
    best = [[other for other in members[group][: COMPANY + 1] if other != row] for row, group in enumerate(groups)]
    return np.array([scores[others[:COMPANY]].sum() for others in best])


def _runs(text: Sequence[str], places: Mapping[str, int], share: Floats) -> tuple[float, float]:
    """The best coverage in a run of `NEAR` words, and the share of the query's neighbours that are neighbours here."""
    found = [(position, places[word]) for position, word in enumerate(text) if word in places]
    best, inside, start, total = 0.0, [0] * len(places), 0, 0.0
    for position, column in found:
        total += share[column] if not inside[column] else 0.0
        inside[column] += 1
        while found[start][0] < position - NEAR:
            left = found[start][1]
            inside[left] -= 1
            total -= share[left] if not inside[left] else 0.0
            start += 1
        best = max(best, total)
    return best, _adjacent(found, share)


def _adjacent(found: Sequence[tuple[int, int]], share: Floats) -> float:
    positions = set(found)
    pairs = {
        column for position, column in found if {(position + 1, column + 1), (position + 2, column + 1)} & positions
    }
    return float(sum(share[column] + share[column + 1] for column in pairs)) / 2


HELD: Final = ("coverage", "close_coverage", "adjacent")
"""Features that mean the same for every query."""
TOP: Final = 5
"""Best passages that the confidence looks into."""
ENOUGH: Final = 100
"""Candidates from which on the signs that compare passages with each other mean what they meant in training."""
USUAL: Final = {"log_bm25": 2.1, "score": 8.3, "standing_out": 2.0}
"""What those signs come to for a question over a large collection: about the medians of mtrag_clapnq and mtrag_fiqa."""


def signs(evidence: Evidence, scores: Floats) -> dict[str, float]:
    """What says that the best passages answer at all: raw values, because scaled ones look alike for every query.

    best_unit               the greatest cosine of a unit in the `TOP` passages with the best `scores`
    cosine_of_best_bm25     whether words and vectors mean the same passage
    log_bm25                of the passage that the words favour
    score                   of the best passage: high when both legs agree on it, and it holds the words
    standing_out            by how many standard deviations the best unit stands out among those of all candidates
    """
    top = np.argsort(-scores, kind="stable")[:TOP]
    said = int(evidence.bm25.argmax())
    spread = max(float(evidence.units.std()), 1e-6)
    found = {
        "best_unit": float(evidence.units[top].max()),
        "cosine_of_best_bm25": float(evidence.cosines[said]),
        "log_bm25": float(np.log1p(evidence.bm25[said])),
        "score": float(scores[top[0]]),
        "standing_out": float(evidence.units.max() - evidence.units.mean()) / spread,
    }
    return _settled(found, among=len(scores))


def signs_of_words(evidence: Evidence, scores: Floats) -> dict[str, float]:
    """The same where nothing has a vector: what the words alone say of the best passage.

    log_bm25 is as in `signs`; coverage, close_coverage and adjacent are as in `FEATURES`.
    """
    best = int(np.argmax(scores))
    held = {name: float(evidence.features[best, FEATURES.index(name)]) for name in HELD}
    found = {"log_bm25": float(np.log1p(evidence.bm25.max())), **held}
    return _settled(found, among=len(scores))


def _settled(found: dict[str, float], *, among: int) -> dict[str, float]:
    """The signs of a small collection: where few passages can be compared, the usual stands in for the comparison.

    A folder of three pages has no rare words and nothing to stand out from; what its vectors say still holds.
    """
    share = min(among / ENOUGH, 1.0)
    return {name: share * value + (1 - share) * USUAL.get(name, value) for name, value in found.items()}
