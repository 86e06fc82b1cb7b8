"""The Generator port without a language model: it answers with the passages' own words, quoted exactly."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Final

from bot.adapters.local.asking import weights
from bot.adapters.local.words import words
from bot.models import Hit, Query, Statement

QUOTES: Final = 3
WORDS: Final = 60
"""The most that an answer shows: quotes, and words in each."""
FROM_ONE_CHUNK: Final = 2
JOINT: Final = " … "
"""Between a list's introduction and an item that stands further down: both are quoted, what lies between is not."""

PASSAGE_COSINE: Final = 0.5
COVERAGE: Final = 0.2
PASSAGE_RANK: Final = 0.15
FITTING_KIND: Final = 0.04
"""What counts beside a unit's own cosine: its passage's cosine, its share of the query's words, its passage's score
(scaled over the passages given), and a number where the question asks for one. Chosen by how many words of the gold
answers the quotes hold on mtrag_clapnq and anthropic_code; all four are flat near these values."""
BARE: Final = 0.15
"""What a unit of fewer than four words without a digit loses: a heading or a link's name is seldom an answer."""
JOIN: Final = 0.5
"""A neighbour joins a quote unless it scores so much less than the unit that the quote is for."""
UNSEEN: Final = 0.8
"""Past the embedder's window a unit has no vector: it counts as this share of its passage's cosine."""
SAME: Final = 0.8
"""Two quotes that share this part of their distinct words say the same thing twice."""

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
    """Units `first` to `last` of passage number `passage`, grown from unit `anchor`."""

    passage: int
    first: int
    last: int
    anchor: int

    def touches(self, passage: int, unit: int) -> bool:
        """Whether it holds that unit."""
        return self.passage == passage and self.first <= unit <= self.last


class ExtractiveGenerator:
    """Quotes the units nearest to the query, each with as many of its neighbours as a quote may hold."""

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        return "quotes"

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncIterator[Statement]:
        """At most three exact quotes of at most sixty words, the best first; quotes of one passage in its order."""
        for statement in await asyncio.to_thread(_statements, query, passages):
            yield statement


def _statements(query: Query, passages: Sequence[Hit]) -> list[Statement]:
    scored = _scored(query, passages)
    quotes = _chosen(scored, passages)
    return [_statement(quote, scored[quote.passage], passages[quote.passage]) for quote in _in_reading_order(quotes)]


def _statement(quote: Quote, units: Sequence[Unit], passage: Hit) -> Statement:
    text = _text(quote, units, passage)
    return Statement(text=text, chunk_ids=(passage.chunk.id,), quote=text)


# --- how well each unit answers -------------------------------------------------------------------------------------


def _scored(query: Query, passages: Sequence[Hit]) -> list[list[Unit]]:
    """The units of each passage."""
    if not passages:
        return []
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


# --- which are quoted, and how much around them ---------------------------------------------------------------------


def _chosen(scored: Sequence[Sequence[Unit]], passages: Sequence[Hit]) -> list[Quote]:
    order = sorted(
        ((unit.score, number, place) for number, units in enumerate(scored) for place, unit in enumerate(units)),
        key=lambda one: (-one[0], one[1], one[2]),
    )
    chosen: list[Quote] = []
    for _, number, place in order:
        if len(chosen) == QUOTES:
            break
        if _may_stand(number, place, scored[number], chosen):
            quote = _grown(number, place, scored[number], chosen, passages[number])
            if not _repeats(quote, chosen, scored, passages):
                chosen.append(quote)
    return chosen


def _may_stand(number: int, place: int, units: Sequence[Unit], chosen: Sequence[Quote]) -> bool:
    of_this = [quote for quote in chosen if quote.passage == number]
    if len(of_this) >= FROM_ONE_CHUNK or units[place].length > WORDS:
        return False
    return not any(quote.touches(number, place) for quote in of_this)


def _grown(number: int, place: int, units: Sequence[Unit], chosen: Sequence[Quote], passage: Hit) -> Quote:
    """The unit with its neighbours, the better side first, until the quote is full."""
    first = last = place
    while True:
        sides = [
            (units[side].score, -side)
            for side in (first - 1, last + 1)
            if 0 <= side < len(units)
            and units[side].score >= units[place].score - JOIN
            and not any(quote.touches(number, side) for quote in chosen)
            and _length(passage, units, min(side, first), max(side, last)) <= WORDS
        ]
        if not sides:
            return Quote(number, first, last, place)
        side = -max(sides)[1]
        first, last = min(first, side), max(last, side)


def _length(passage: Hit, units: Sequence[Unit], first: int, last: int) -> int:
    return len(passage.chunk.text[units[first].start : units[last].end].split())


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


def _in_reading_order(quotes: Sequence[Quote]) -> list[Quote]:
    """Passages in the order of their best quote, quotes of one passage in the order they stand in it."""
    passages = list(dict.fromkeys(quote.passage for quote in quotes))
    return sorted(quotes, key=lambda quote: (passages.index(quote.passage), quote.first))
