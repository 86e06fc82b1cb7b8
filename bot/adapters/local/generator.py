"""The Generator port without a language model: it answers with the passages' own words, quoted exactly."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log1p
from typing import Final

from bot.models import Hit, Query, Statement
from bot.words import words
from bot.words.asking import weights

QUOTES: Final = 3
WORDS: Final = 60
"""The most that an answer shows: quotes, and words in each."""
FROM_ONE_CHUNK: Final = 2

PASSAGE_COSINE: Final = 0.5
COVERAGE: Final = 0.25
PASSAGE_RANK: Final = 0.1
FITTING_KIND: Final = 0.04
"""What counts beside a unit's own cosine: its passage's cosine, its share of the query's words, its passage's score
(scaled over the passages given), and a number where the question asks for one. Chosen by how many words of the gold
answers the quotes hold on mtrag_clapnq, mtrag_fiqa and anthropic_code, where all are flat near these values; coverage
stands at the upper end, because a single fact is found by its words (18f: .72 of the evidence at .05, .75 at .3)."""
BARE: Final = 0.15
"""What a unit of fewer than four words without a digit loses: a heading or a link's name is seldom an answer."""
TEMPERATURE: Final = 0.12
"""How fast the chance that a unit answers falls with its score: a tenth less makes it e times less likely."""
WORD_COST: Final = 0.0015
"""What a word of a quote costs, in chances: it keeps neighbours out that add nothing. Without it quotes were a fifth
longer and showed no more of the evidence."""
UNSEEN: Final = 0.8
"""Past the embedder's window a unit has no vector: it counts as this share of its passage's cosine."""
SAME: Final = 0.8
"""Two quotes that share this part of their distinct words say the same thing twice."""
VOTE: Final = 3.0
"""How much more the best passage given speaks for its document than the worst does: e to this power."""

_NUMERIC = re.compile(
    r"\b(?:how (?:many|much|long|often|old|far|soon|big|fast|late|early|large)|when|what (?:time|day|date|year|number|"
    r"percentage|floor)|which (?:year|day|date|floor)|deadline|due|phone|limit|cost|price|rate)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Unit:
    """A place in a passage that can be quoted: its span, its length in words, and how well it answers."""

    start: int
    end: int
    length: int
    score: float


@dataclass(frozen=True, slots=True)
class Quote:
    """Units `first` to `last` of passage number `passage`, and what showing them is worth."""

    passage: int
    first: int
    last: int
    worth: float


class ExtractiveGenerator:
    """Quotes the units nearest to the query, each with as many of its neighbours as a quote may hold."""

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        return "quotes"

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """At most three exact quotes of at most sixty words, the best first; quotes of one passage in its order."""
        for statement in await asyncio.to_thread(_statements, query, passages):
            yield statement


def _statements(query: Query, passages: Sequence[Hit]) -> list[Statement]:
    if not passages:
        return []
    scored = _scored(query, passages)
    quotes = _chosen(scored, passages)
    ordered = _in_reading_order(quotes, passages)
    return [_statement(quote, scored[quote.passage], passages[quote.passage]) for quote in ordered]


def _statement(quote: Quote, units: Sequence[Unit], passage: Hit) -> Statement:
    text = _text(quote, units, passage)
    return Statement.quoting(passage.chunk.id, text)


# --- how well each unit answers -------------------------------------------------------------------------------------


def _scored(query: Query, passages: Sequence[Hit]) -> list[list[Unit]]:
    """The units of each passage."""
    numeric = bool(_NUMERIC.search(query.text))
    texts = [[hit.chunk.text[start:end] for start, end in hit.chunk.units] for hit in passages]
    coverage = _coverage(weights(query), texts)
    ranks = _ranks(passages)
    found: list[list[Unit]] = []
    for number, hit in enumerate(passages):
        whole, nearness = _nearness(query, hit)
        of_passage = PASSAGE_COSINE * whole + PASSAGE_RANK * ranks[number]
        units: list[Unit] = []
        for place, (start, end) in enumerate(hit.chunk.units):
            text = texts[number][place]
            score = of_passage + nearness[place] + COVERAGE * coverage[number][place] + _form(text, numeric=numeric)
            units.append(Unit(start, end, len(text.split()), score))
        found.append(units)
    return found


def _nearness(query: Query, hit: Hit) -> tuple[float, list[float]]:
    """The cosine of the passage and of each of its units; the passage's own stands in for what has no vector."""
    from bot.adapters.local.evidence import unit_cosines  # noqa: PLC0415  (numpy is loaded at the first question)

    whole = hit.cosine
    if query.vector is not None and hit.embedding is not None:
        whole = float(hit.embedding.vector @ query.vector)
    cosines = [float(cosine) or UNSEEN * whole for cosine in unit_cosines(query, hit)]
    if len(cosines) != len(hit.chunk.units):
        return whole, [UNSEEN * whole] * len(hit.chunk.units)
    return whole, cosines


def _coverage(asked: Mapping[str, float], texts: Sequence[Sequence[str]]) -> list[list[float]]:
    """The share of the query's words in each unit; a word that few of the units hold counts more."""
    held = [[set(words(text)) & asked.keys() for text in units] for units in texts]
    count = sum(len(units) for units in held)
    holding = Counter(word for units in held for unit in units for word in unit)
    rarity = {
        word: weight * log1p((count - holding[word] + 0.5) / (holding[word] + 0.5)) for word, weight in asked.items()
    }
    total = sum(rarity.values()) or 1.0
    return [[sum(rarity[word] for word in sorted(unit)) / total for unit in units] for units in held]


def _ranks(passages: Sequence[Hit]) -> list[float]:
    """The passages' scores, scaled to 0..1."""
    scores = [hit.score for hit in passages]
    least, spread = min(scores), max(scores) - min(scores)
    return [(score - least) / spread if spread else 0.0 for score in scores]


def _form(text: str, *, numeric: bool) -> float:
    """What the form of a unit says for it or against it."""
    if _DIGIT.search(text):
        return FITTING_KIND if numeric else 0.0
    return -BARE if len(text.split()) < _FEW else 0.0


# --- which are quoted -----------------------------------------------------------------------------------------------


def _chosen(scored: Sequence[Sequence[Unit]], passages: Sequence[Hit]) -> list[Quote]:
    """The runs of neighbouring units that most likely hold the answer, each time the best of what may still stand."""
    runs: list[Quote] = _runs(scored, passages)
    chosen: list[Quote] = []
    while runs and len(chosen) < QUOTES:
        best = max(runs, key=lambda quote: (quote.worth, -quote.passage, -quote.first))
        runs.remove(best)
        if not _repeats(best, chosen, scored, passages):
            chosen.append(best)
            runs = [quote for quote in runs if _may_stand(quote, chosen)]
    return chosen


def _runs(scored: Sequence[Sequence[Unit]], passages: Sequence[Hit]) -> list[Quote]:
    """Every run that fits into a quote and is worth its words: the chances of its units less what its words cost.

    Few passages hold little that answers: what is worth nothing would fill the answer up with what nobody asked about.
    """
    best = max((unit.score for units in scored for unit in units), default=0.0)
    found: list[Quote] = []
    for number, (units, passage) in enumerate(zip(scored, passages, strict=True)):
        chances = [exp((unit.score - best) / TEMPERATURE) for unit in units]
        for first, opening in enumerate(units):
            for last in range(first, len(units)):
                length = len(passage.chunk.text[opening.start : units[last].end].split())
                if length > WORDS:
                    break
                found.append(Quote(number, first, last, sum(chances[first : last + 1]) - WORD_COST * length))
    return [quote for quote in found if quote.worth > 0]


def _may_stand(quote: Quote, chosen: Sequence[Quote]) -> bool:
    """Whether it shares no unit with the quotes before it, nor their passage with too many of them."""
    of_this = [other for other in chosen if other.passage == quote.passage]
    apart = all(quote.last < other.first or other.last < quote.first for other in of_this)
    return apart and len(of_this) < FROM_ONE_CHUNK


def _repeats(quote: Quote, chosen: Sequence[Quote], scored: Sequence[Sequence[Unit]], passages: Sequence[Hit]) -> bool:
    """Whether another quote says it already."""
    new = set(words(_text(quote, scored[quote.passage], passages[quote.passage])))
    for other in chosen:
        old = set(words(_text(other, scored[other.passage], passages[other.passage])))
        if new <= old or len(new & old) >= SAME * len(new | old):
            return True
    return False


def _text(quote: Quote, units: Sequence[Unit], passage: Hit) -> str:
    return passage.chunk.text[units[quote.first].start : units[quote.last].end]


def _in_reading_order(quotes: Sequence[Quote], passages: Sequence[Hit]) -> list[Quote]:
    """First the document that most passages speak for; within a document the best passage first, then by place."""
    votes: defaultdict[str, float] = defaultdict(float)
    for hit, rank in zip(passages, _ranks(passages), strict=True):
        votes[hit.chunk.document_id] += exp(VOTE * rank)

    def place(quote: Quote) -> tuple[float, str, int, int]:
        document = passages[quote.passage].chunk.document_id
        return -votes[document], document, quote.passage, quote.first

    return sorted(quotes, key=place)
