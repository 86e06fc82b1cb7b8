"""What of a passage is shown beside its place: its own words, exactly as they stand."""

import re

from bot.models import Hit, Query

LONGEST = 240
"""Characters of a quote."""
COVERAGE = 0.25
"""What holding every word of the query adds to a unit's cosine."""
BARE = 0.15
"""What a unit of fewer than four words loses: a heading or a link's name says little by itself."""

_WORD = re.compile(r"\w+")
_FEW = 4


def beginning(text: str) -> str:
    """The first words of `text`, cut between two words where it is long."""
    text = text.strip()
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(maxsplit=1)[0]


def telling(hit: Hit, query: Query) -> str:
    """The unit of the passage that is nearest to the query; the beginning of a passage that has none."""
    units = [hit.chunk.text[start:end] for start, end in hit.chunk.units]
    if not units:
        return beginning(hit.chunk.text)
    cosines = _cosines(hit, query, len(units))
    asked = _words(query.text)
    worth = [cosine + _said(unit, asked) for unit, cosine in zip(units, cosines, strict=True)]
    return beginning(units[worth.index(max(worth))])


def _cosines(hit: Hit, query: Query, units: int) -> list[float]:
    vectors = hit.embedding.units if hit.embedding else None
    if vectors is None or query.vector is None:
        return [0.0] * units
    return [float(cosine) for cosine in vectors @ query.vector]


def _said(unit: str, asked: frozenset[str]) -> float:
    """How much of the query's words a unit holds, less what it lacks to be a sentence."""
    words = _words(unit)
    return COVERAGE * len(words & asked) / max(len(asked), 1) - (BARE if len(words) < _FEW else 0.0)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))
