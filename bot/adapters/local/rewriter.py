"""The Rewriter port without a language model: earlier questions lend a follow-up their words and their meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.conversations import Turn
from bot.models import Lent
from bot.ports.generation import Rewritten
from bot.words import words
from bot.words.asking import named

LEAST: Final = 0.1
MOST: Final = 0.6
"""What the turn before lends to a question that names much by itself, and to one that names a single thing."""
ENOUGH: Final = 6
"""Words that name something in a question that needs no help."""
POINTING: Final = 0.1
LEANING: Final = 0.15
"""What is added by a word that points back ("it"), and by a beginning that leans on what was said ("what about")."""
FADING: Final = 0.5
"""What each turn further back lends, as a share of the one after it. These were chosen on mtrag_clapnq and mtrag_fiqa,
where topics move and too much costs."""
NEGLIGIBLE: Final = 0.02
SHOWN: Final = 4
"""Lent words that a reader is shown: those of the latest turn, and of earlier ones where it names too few."""

_POINTS = re.compile(
    r"\b(?:it|its|that|this|these|those|they|them|their|he|she|him|her|his|one|ones|same|then|so)\b"
    r"|(?<!\bis )(?<!\bare )\bthere\b",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"\s*(?:and|but|or|also|so|ok|okay|what about|how about|what if|then|still|thanks|thank you|perfect|great)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_](?:[\w'’.-]*\w)?")


class HistoryRewriter:
    """Weighs each earlier question by how little the new one says by itself, and by how long ago it was asked.

    Nothing is decided: a change of topic is not drowned, because a question that names its own subject is lent little.
    """

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        return "history"

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """A query that stands alone. A question without history comes back unchanged."""
        lent = tuple(_lent(question, history))
        if not lent:
            return Rewritten(text=question)
        return Rewritten(
            text=_whole(question, [part.text for part in lent]), searched=question, lent=lent, changed=True
        )


def _lent(question: str, history: Sequence[Turn]) -> Iterator[Lent]:
    weight = _need(question)
    told = {question.casefold().strip()}
    for turn in reversed(history):
        if weight < NEGLIGIBLE:
            return
        if turn.question.strip() and turn.question.casefold().strip() not in told:
            told.add(turn.question.casefold().strip())
            yield Lent(turn.question, round(weight, 3))
        weight *= FADING


def _need(question: str) -> float:
    """How much a question leans on what was said before, from 0 to 1."""
    subjects = len(set(named(question)))
    alone = min(max(subjects - 1, 0) / (ENOUGH - 1), 1.0)
    pointing = POINTING if _POINTS.search(question) else 0.0
    leaning = LEANING if _LEANS.match(question) else 0.0
    return min(MOST - (MOST - LEAST) * alone + pointing + leaning, 1.0)


def _whole(question: str, lent: Sequence[str]) -> str:
    """The question, and in brackets what it is understood to be about: the words that the latest turns lend it."""
    known = set(words(question))
    shown: list[str] = []
    for text in lent:
        for token in _TOKEN.findall(text):
            new = named(token)
            if new and known.isdisjoint(new) and len(shown) < SHOWN:
                known.update(new)
                shown.append(token)
        if len(shown) > 1:
            break
    return f"{question.strip()} ({' '.join(shown)})" if shown else question
